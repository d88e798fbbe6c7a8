/**
 * The model of one role: follows its source, loads a new version beside the old one, and exchanges
 * them without losing a request.
 */
import { type AppError, toAppError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { BundleSource, SourcedBundle } from "../../bundle/bundle-source.ts";
import type { ModelRole, VersionState } from "../contract/model-routes.ts";
import type { ServedModel } from "./served-model.ts";

export interface RoleModelOptions {
  readonly role: ModelRole;
  readonly source: BundleSource;
  /** Loads, checks and warms one bundle; `signal` ends that. */
  readonly open: (bundle: SourcedBundle, signal: AbortSignal) => Promise<ServedModel>;
  /** Aborted when the service ends. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called when the role has another model. */
  readonly onChange?: (role: ModelRole, model: ServedModel, before: ServedModel | undefined) => void;
  /** Called when a bundle was tried and refused. */
  readonly onFailure?: (role: ModelRole) => void;
  /** Closes a model that no longer serves, once its last user is done. */
  readonly retire: (model: ServedModel) => void;
}

export interface RoleModel {
  readonly role: ModelRole;
  readonly current: ServedModel | undefined;
  readonly states: readonly VersionState[];
  /** Why the newest bundle of the source does not serve. */
  readonly fault: AppError | undefined;
  /**
   * Looks at the source, and exchanges the model where it holds another bundle. A bundle that
   * cannot be loaded is refused, and the model that serves goes on.
   */
  refresh(): Promise<void>;
  /** Lets the next refresh try a refused bundle once more. */
  retryRefused(): void;
}

interface Refusal {
  readonly error: AppError;
  /** ISO 8601 */
  readonly since: string;
}

export function createRoleModel({
  role,
  source,
  open,
  logger,
  now,
  onChange,
  onFailure,
  retire,
  signal,
}: RoleModelOptions): RoleModel {
  const time = (): string => new Date(now()).toISOString();
  let model: ServedModel | undefined;
  /** Where its bytes were read last: a registry may have them as several versions. */
  let readFrom = "";
  let since = time();
  /** The stamp of the bundle that was tried last, whatever came of it. */
  let stamp: string | undefined;
  let isLoading = false;
  let refused: Refusal | undefined;
  /** Why the source could not be looked at; its bundle may still be the one that serves. */
  let unseen: Refusal | undefined;

  const load = async (): Promise<void> => {
    const sourced = await source.read();
    const next = await open(sourced, signal);
    refused = undefined;
    readFrom = sourced.where;
    const before = model;
    if (before?.version === next.version) return next.retire();
    model = next;
    since = time();
    try {
      onChange?.(role, next, before);
      logger.info("a model serves", { role, version: next.version, source: next.source });
    } finally {
      if (before) retire(before);
    }
  };
  const refusalOf = (thrown: unknown, before: Refusal | undefined): Refusal => {
    const error = toAppError(thrown);
    const { code, message } = error;
    if (before?.error.message === message) return before;
    logger.error("a bundle was refused", { role, source: source.location, code, error: message });
    return { error, since: time() };
  };
  /** Logged once until it can be looked at again: a server that is away fails in changing words. */
  const unseenFor = (thrown: unknown): Refusal => {
    const error = toAppError(thrown);
    const { code, message } = error;
    if (unseen?.error.code === code) return { error, since: unseen.since };
    logger.error("a source could not be looked at", { role, source: source.location, code, error: message });
    return { error, since: time() };
  };
  return {
    role,
    get current() {
      return model;
    },
    get fault() {
      return (unseen ?? refused)?.error;
    },
    get states() {
      const states: VersionState[] = [];
      const at = source.location;
      if (model) states.push({ version: model.version, role, state: "serving", source: readFrom, since });
      if (isLoading) states.push({ version: "", role, state: "loading", source: at, since });
      const refusal = unseen ?? refused;
      if (refusal) {
        const { code, message } = refusal.error;
        const error = { code, message };
        states.push({ version: "", role, state: "refused", source: at, since: refusal.since, error });
      }
      return states;
    },
    async refresh() {
      let newest: string;
      try {
        newest = await source.stamp();
      } catch (error) {
        if (!signal.aborted) unseen = unseenFor(error);
        return;
      }
      if (unseen !== undefined) logger.info("a source can be looked at again", { role, source: source.location });
      unseen = undefined;
      if (newest === stamp) return;
      stamp = newest;
      isLoading = true;
      try {
        await load();
      } catch (error) {
        if (signal.aborted) return;
        onFailure?.(role);
        refused = refusalOf(error, refused);
        // A file that cannot be read now may be readable later, under the same stamp.
        if (refused.error.kind === "unavailable") stamp = undefined;
      } finally {
        isLoading = false;
      }
    },
    retryRefused() {
      if (refused) stamp = undefined;
    },
  };
}
