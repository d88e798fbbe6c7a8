/** The models that serve, one for each role, and which of them answers a request. */
import { throwIfCancelled } from "../../base/cancel.ts";
import { toAppError } from "../../base/errors.ts";
import type { BundleSource } from "../../bundle/bundle-source.ts";
import { type ModelRole, modelRoles, type VersionState } from "../contract/model-routes.ts";
import { canaryTakes } from "./canary.ts";
import { createRoleModel, type RoleModel, type RoleModelOptions } from "./role-model.ts";
import type { ServedModel } from "./served-model.ts";

export interface ModelHostOptions extends Omit<RoleModelOptions, "role" | "source" | "retire" | "signal"> {
  readonly sources: { readonly champion: BundleSource } & Partial<Record<ModelRole, BundleSource>>;
  readonly canaryPercent: number;
  /** Ends what is being loaded. */
  readonly signal?: AbortSignal | undefined;
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
  /** The role that a model was opened for, also after it served. */
  roleOf(model: ServedModel): ModelRole;
  readonly versions: readonly VersionState[];
  canaryPercent: number;
  /**
   * Looks at every source, and loads what is new. One refresh runs at a time; a call during one
   * joins it. With `again` what was refused is tried once more, after a refresh under way.
   */
  refresh(again?: boolean): Promise<void>;
  close(): Promise<void>;
}

/**
 * Loads what the sources hold. Errors: those of the champion's bundle; a bundle of another role is
 * refused, and the host opens without it; INTERRUPTED.
 */
export async function openModelHost(options: ModelHostOptions): Promise<ModelHost> {
  const { sources, canaryPercent: firstPercent, signal: stop, ...shared } = options;
  const retiring = new Set<Promise<void>>();
  const ending = new AbortController();
  const signal = stop === undefined ? ending.signal : AbortSignal.any([ending.signal, stop]);
  const retire = (model: ServedModel): void => {
    const work = model
      .retire()
      .catch((error: unknown) =>
        shared.logger.error("a model could not be closed", { error: toAppError(error).message }),
      );
    retiring.add(work);
    void work.finally(() => retiring.delete(work));
  };
  const roleOf = new WeakMap<ServedModel, ModelRole>();
  const onChange: RoleModelOptions["onChange"] = (role, model, before) => {
    roleOf.set(model, role);
    shared.onChange?.(role, model, before);
  };
  const roles = modelRoles.flatMap((role): RoleModel[] => {
    const source = sources[role];
    return source === undefined ? [] : [createRoleModel({ ...shared, onChange, role, source, retire, signal })];
  });
  const current = (role: ModelRole): ServedModel | undefined => roles.find((one) => one.role === role)?.current;
  const refreshing = createRefresh(roles);
  const close = async (): Promise<void> => {
    ending.abort();
    // First: a registry that does not answer is not waited for.
    await Promise.all(Object.values(sources).map((source) => source.close?.()));
    await refreshing.close();
    for (const { current: model } of roles) if (model) retire(model);
    await Promise.all(retiring);
  };

  await refreshing.refresh();
  const champion = roles.find(({ role }) => role === "champion");
  if (champion?.current === undefined || stop?.aborted) {
    await close();
    throwIfCancelled(stop);
    throw toAppError(champion?.fault);
  }
  let canaryPercent = firstPercent;
  return {
    current,
    route(key) {
      const canary = canaryPercent > 0 ? current("canary") : undefined;
      return canary && canaryTakes(key, canaryPercent) ? canary : current("champion");
    },
    byVersion: (version) => roles.find((one) => one.current?.version === version)?.current,
    roleOf: (model) => roleOf.get(model) ?? "champion", // each was set before it served
    get versions() {
      return roles.flatMap(({ states }) => states);
    },
    get canaryPercent() {
      return canaryPercent;
    },
    set canaryPercent(percent) {
      canaryPercent = percent;
    },
    refresh: refreshing.refresh,
    close,
  };
}

/** Refreshes the roles one after another, and never twice at once. */
function createRefresh(roles: readonly RoleModel[]) {
  let running: Promise<void> | undefined;
  let following: Promise<void> | undefined;
  let isClosed = false;
  const refreshAll = async (): Promise<void> => {
    for (const role of roles) await role.refresh();
  };
  const refresh = (again = false): Promise<void> => {
    if (isClosed) return Promise.resolve();
    if (again && running) {
      // The one under way may be past what is to be tried again: one more follows, for all callers.
      following ??= running.then(() => {
        following = undefined;
        return refresh(true);
      });
      return following;
    }
    if (again) for (const role of roles) role.retryRefused();
    running ??= refreshAll().finally(() => {
      running = undefined;
    });
    return running;
  };
  return {
    refresh,
    async close(): Promise<void> {
      isClosed = true;
      await running;
    },
  };
}
