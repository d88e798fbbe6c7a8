/** How runs and logged models of one store are called in another, which may give ids of its own. */
import { isAppError } from "../../base/errors.ts";
import type { Run } from "../run.ts";
import { eachRun, type RunStore } from "../run-store.ts";

/** Tags that say as what a run or a model was first recorded. */
export const originTags = { run: "pawprint.run_id", model: "pawprint.model_id" } as const;

/** The id that a run was recorded under, wherever it was copied to since. */
export function originOf({ id, tags }: Pick<Run, "id" | "tags">): string {
  return tags.get(originTags.run) ?? id;
}

/** Whether a run was made while its server did not answer, so that it has an id of its own. */
export function isKept({ id, tags }: Pick<Run, "id" | "tags">): boolean {
  return tags.get(originTags.run) === id;
}

/** For the deliveries from one store to another. */
export class KnownIds {
  readonly #to: RunStore;
  readonly #targets = new Map<string, string>();
  #runsByOrigin: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(to: RunStore) {
    this.#to = to;
  }

  /** The target's id of what has this id in the source. */
  set(sourceId: string, targetId: string): void {
    this.#targets.set(sourceId, targetId);
  }

  get(sourceId: string): string | undefined {
    return this.#targets.get(sourceId);
  }

  /** The target's run that was recorded under one of these ids. Errors: those of the store. */
  async findRun(ids: readonly string[]): Promise<Run | undefined> {
    for (const id of new Set(ids)) {
      const found = await this.#getRun(this.#targets.get(id) ?? id);
      if (found !== undefined) return found;
    }
    for (const id of new Set(ids)) {
      const found = await this.#findByOrigin(id);
      if (found !== undefined) return this.#getRun(found);
    }
    return undefined;
  }

  /** The target's id of a run of the source; undefined where the target has no such run. */
  async runId(sourceId: string): Promise<string | undefined> {
    const known = this.#targets.get(sourceId);
    if (known !== undefined) return known;
    const found = (await this.findRun([sourceId]))?.id;
    if (found !== undefined) this.set(sourceId, found);
    return found;
  }

  /** The text with the target's ids in its addresses `runs:/ID` and `models:/m-ID`, where they are known. */
  inAddresses(text: string): string {
    return text.replace(/\b(runs|models):\/(m-)?[0-9a-f]{32}\b/g, (address) => {
      const [scheme, id] = address.split(":/");
      return `${scheme}:/${this.#targets.get(id ?? "") ?? id}`;
    });
  }

  /** The text with the target's ids wherever known ones stand. */
  inText(text: string): string {
    return text.replace(/\b(m-)?[0-9a-f]{32}\b/g, (id) => this.#targets.get(id) ?? id);
  }

  async #getRun(id: string): Promise<Run | undefined> {
    try {
      return await this.#to.getRun(id);
    } catch (error) {
      if (isAppError(error, "RUN_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  async #findByOrigin(id: string): Promise<string | undefined> {
    if (this.#to.givesRunIds) return (await runsByOrigin(this.#to, `tags.\`${originTags.run}\` = '${id}'`)).get(id);
    // A folder keeps ids, so that only runs that came through a server have the tag: read once.
    this.#runsByOrigin ??= runsByOrigin(this.#to);
    return (await this.#runsByOrigin).get(id);
  }
}

async function runsByOrigin(store: RunStore, filter?: string): Promise<ReadonlyMap<string, string>> {
  const experiments = await store.listExperiments("all");
  const found = new Map<string, string>();
  if (experiments.length === 0) return found;
  const query = {
    experimentIds: experiments.map(({ id }) => id),
    lifecycle: "all",
    only: { tags: [originTags.run] },
    ...(filter !== undefined && { filter }),
  } as const;
  for await (const { id, tags } of eachRun(store, query)) {
    const origin = tags.get(originTags.run);
    if (origin !== undefined && !found.has(origin)) found.set(origin, id);
  }
  return found;
}
