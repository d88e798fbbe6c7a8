/**
 * Keeps the models that serve: watches their sources, loads a new version beside the old one, and
 * changes over without losing a request.
 */
import { type AppError, toAppError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { BundleSource, SourcedBundle } from "../../bundle/bundle-source.ts";
import { canaryTakes } from "./canary.ts";
import type { ServedModel } from "./served-model.ts";

/**
 * champion answers; canary answers a share of the requests instead; challenger answers beside it,
 * unseen.
 */
const modelRoles = ["champion", "canary", "challenger"] as const;
export type ModelRole = (typeof modelRoles)[number];

/** What became of the newest bundle at a source. */
export interface VersionState {
  readonly version: string;
  readonly role: ModelRole;
  readonly state: "serving" | "loading" | "refused";
  readonly source: string;
  /** ISO 8601 */
  readonly since: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface ModelHostOptions {
  readonly sources: { readonly champion: BundleSource } & Partial<Record<ModelRole, BundleSource>>;
  /** Loads, checks and warms one bundle. */
  readonly open: (bundle: SourcedBundle, name: string) => Promise<ServedModel>;
  readonly canaryPercent: number;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called when a role is given another model. */
  readonly onChange?: (role: ModelRole, model: ServedModel, before: ServedModel | undefined) => void;
}

export interface ModelHost {
  /** The model of a role, where it has one. */
  current(role: ModelRole): ServedModel | undefined;
  /**
   * The model that answers a request: the canary for its share of keys, else the champion.
   * Undefined before the first load.
   */
  route(key: string): ServedModel | undefined;
  /** A model that serves under this version, in whatever role. */
  byVersion(version: string): ServedModel | undefined;
  readonly versions: readonly VersionState[];
  canaryPercent: number;
  /**
   * Looks at every source, and changes over where there is another bundle. What cannot be loaded is
   * kept back, and the model that serves goes on. One look runs at a time; a call during one joins
   * it. With `again` also what was refused is tried once more, after a look under way.
   */
  refresh(again?: boolean): Promise<void>;
  close(): Promise<void>;
}

interface Refusal {
  readonly error: AppError;
  readonly since: string;
}

interface Seat {
  readonly role: ModelRole;
  readonly source: BundleSource;
  model?: ServedModel;
  /** The stamp of the bundle that was tried last, whatever came of it. */
  stamp?: string;
  since: string;
  /** Why the newest bundle at the source does not serve. */
  refused?: Refusal;
  /** Why the source could not be looked at; what it holds may be what serves. */
  unseen?: Refusal;
  isLoading: boolean;
}

/**
 * Loads what the sources hold. Errors: those of the champion's bundle; one of another role is kept
 * back.
 */
export async function openModelHost(options: ModelHostOptions): Promise<ModelHost> {
  const { sources, logger, now } = options;
  const since = new Date(now()).toISOString();
  const seats = modelRoles.flatMap((role): Seat[] => {
    const source = sources[role];
    return source === undefined ? [] : [{ role, source, since, isLoading: false }];
  });
  const retiring = new Set<Promise<void>>();
  let canaryPercent = options.canaryPercent;
  let looking: Promise<void> | undefined;
  let following: Promise<void> | undefined;
  let isClosed = false;
  const current = (role: ModelRole): ServedModel | undefined => seats.find((seat) => seat.role === role)?.model;

  const retire = (model: ServedModel): void => {
    const work = model
      .retire()
      .catch((error: unknown) => logger.error("a model could not be put away", { error: toAppError(error).message }));
    retiring.add(work);
    void work.finally(() => retiring.delete(work));
  };

  const look = async (seat: Seat): Promise<void> => {
    const { role, source } = seat;
    let isSeen = false;
    try {
      const stamp = await source.stamp();
      isSeen = true;
      delete seat.unseen;
      if (stamp === seat.stamp) return;
      seat.stamp = stamp;
      seat.isLoading = true;
      const next = await options.open(await source.read(), source.name);
      const before = seat.model;
      delete seat.refused;
      if (before?.version === next.version) {
        await next.retire();
        return;
      }
      seat.model = next;
      seat.since = new Date(now()).toISOString();
      options.onChange?.(role, next, before);
      logger.info("a model serves", { role, version: next.version, source: next.source });
      if (before) retire(before);
    } catch (error) {
      const fault = toAppError(error);
      // A file that cannot be read now may be readable later, without any change that its stamp
      // would show.
      if (isSeen && fault.kind === "unavailable") delete seat.stamp;
      const place = isSeen ? "refused" : "unseen";
      if (seat[place]?.error.message !== fault.message) {
        seat[place] = { error: fault, since: new Date(now()).toISOString() };
        logger.error("a bundle was kept back", {
          role,
          source: source.location,
          code: fault.code,
          error: fault.message,
        });
      }
    } finally {
      seat.isLoading = false;
    }
  };

  const refresh = (again = false): Promise<void> => {
    if (isClosed) return Promise.resolve();
    // A look under way may have passed what is to be tried again: one more follows it, for all who
    // ask.
    if (again && looking) {
      following ??= looking.then(() => {
        following = undefined;
        return refresh(true);
      });
      return following;
    }
    if (again) for (const seat of seats) if (seat.refused) delete seat.stamp;
    looking ??= (async () => {
      for (const seat of seats) await look(seat);
    })().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  const close = async (): Promise<void> => {
    isClosed = true;
    await looking;
    for (const { model } of seats) if (model) retire(model);
    await Promise.all(retiring);
  };

  await refresh();
  const champion = seats[0]!;
  if (champion.model === undefined) {
    await close();
    throw (champion.unseen ?? champion.refused)!.error;
  }
  return {
    current,
    route(key) {
      const canary = canaryPercent > 0 ? current("canary") : undefined;
      return canary && canaryTakes(key, canaryPercent) ? canary : current("champion");
    },
    byVersion: (version) => seats.find(({ model }) => model?.version === version)?.model,
    get versions() {
      return seats.flatMap(statesOf);
    },
    get canaryPercent() {
      return canaryPercent;
    },
    set canaryPercent(percent) {
      canaryPercent = percent;
    },
    refresh,
    close,
  };
}

function statesOf({ role, source, model, since, unseen, refused, isLoading }: Seat): readonly VersionState[] {
  const states: VersionState[] = [];
  if (model) states.push({ version: model.version, role, state: "serving", source: model.source, since });
  const at = source.location;
  if (isLoading) states.push({ version: "", role, state: "loading", source: at, since });
  const reason = unseen ?? refused;
  if (reason) {
    const { code, message } = reason.error;
    states.push({ version: "", role, state: "refused", source: at, since: reason.since, error: { code, message } });
  }
  return states;
}
