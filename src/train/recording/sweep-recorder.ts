/** A sweep as a run, whose parts are the runs of its trials. */
import { join } from "node:path";
import { parseBoundedJson } from "../../base/bounded-json.ts";
import { isAppError, toAppError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readText } from "../../base/files/read-file.ts";
import type { Run } from "../../tracking/run.ts";
import type { Sweep } from "../sweep/sweep-config.ts";
import type { TrialResult } from "../sweep/trial.ts";
import { createRun, orUnrecorded, type RunPlace, reopenRun, requireUsable } from "./open-run.ts";
import { paramText, tagText } from "./recorded-values.ts";
import { RunRecord } from "./run-record.ts";

export interface SweepFacts {
  readonly sweep: Sweep;
  /** Of the sweep: it holds the run's id, so that a sweep that is resumed goes on in its run. */
  readonly folder: string;
  readonly name: string;
  readonly tags: ReadonlyMap<string, string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export class SweepRecorder {
  readonly #record: RunRecord;
  readonly #now: () => number;

  private constructor(record: RunRecord, now: () => number) {
    this.#record = record;
    this.#now = now;
  }

  /** A new run, or that of the sweep in this folder. Errors: those of the store; FILE_WRITE_FAILED. */
  static async begin(place: RunPlace, { sweep, folder, name, tags, now }: SweepFacts): Promise<SweepRecorder> {
    try {
      await requireUsable(place);
      const known = await readSweepRun(folder);
      const facts = { name, startedMs: Math.round(now()), tags };
      const run = await (known === undefined ? createRun(place, facts) : reopenRun(place, { ...facts, id: known }));
      await writeFileAtomic(runFile(folder), `${JSON.stringify({ runId: run.id })}\n`, { force: true });
      const news = [...sweepParams(sweep)].filter(([key]) => !run.params.has(key));
      await place.store.logBatch(run.id, { params: new Map(news) });
      return new SweepRecorder(new RunRecord({ ...place, run, now }), now);
    } catch (error) {
      throw orUnrecorded(error);
    }
  }

  get run(): Run {
    return this.#record.run;
  }

  file(path: string, text: string): void {
    this.#record.artifact(path, Buffer.from(text, "utf8"));
  }

  /** The figures of the best trial; the best of the results comes first. */
  async finish(results: readonly TrialResult[]): Promise<void> {
    const [best] = results;
    if (best === undefined || best.error) {
      await this.#record.end("FAILED", new Map([["pawprint.error", "no trial finished"]]));
      return;
    }
    const figures = {
      val_accuracy: best.validationAccuracy,
      val_loss: best.validationLoss,
      best_epoch: best.bestEpoch,
      best_trial: best.trial,
      failed_trials: results.filter(({ error }) => error !== undefined).length,
    };
    const timestampMs = Math.round(this.#now());
    const metrics = Object.entries(figures).map(([key, value]) => ({ key, value, timestampMs, step: results.length }));
    this.#record.log({ metrics });
    const tags = new Map(best.runId === undefined ? [] : [["pawprint.best_run", best.runId]]);
    await this.#record.end("FINISHED", tags);
  }

  async fail(error: unknown): Promise<void> {
    const { code, message } = toAppError(error);
    const tags = new Map([["pawprint.error", tagText(`${code}: ${message}`)]]);
    await this.#record.end(isAppError(error, "INTERRUPTED") ? "KILLED" : "FAILED", tags);
  }
}

/** The id of the run that the sweep in this folder is recorded as; undefined where there is none. */
export async function readSweepRun(folder: string): Promise<string | undefined> {
  try {
    const { runId } = parseBoundedJson(await readText(runFile(folder))) as { readonly runId?: unknown }; // checked below
    return typeof runId === "string" ? runId : undefined;
  } catch {
    return undefined;
  }
}

function runFile(folder: string): string {
  return join(folder, "run.json");
}

function sweepParams({ fixed, search, ...settings }: Sweep): ReadonlyMap<string, string> {
  const named = (section: string, values: object) =>
    Object.entries(values).map(([key, value]) => [`${section}.${key}`, paramText(value)] as const);
  return new Map([
    ...Object.entries(settings).map(([key, value]) => [key, paramText(value)] as const),
    ...named("fixed", fixed),
    ...named("search", search),
  ]);
}
