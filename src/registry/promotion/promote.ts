/** Moves an alias to a version that passes its gates, or back, and writes down who, when and why. */
import { AppError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { SourcedBundle } from "../../bundle/bundle-source.ts";
import { loadBundle } from "../../bundle/load-bundle.ts";
import type { Executor } from "../../runtime/executor.ts";
import type { RunStore } from "../../tracking/run-store.ts";
import type { ModelRegistry, ModelVersion } from "../model-registry.ts";
import { type GateResult, isFinalGate, judgeGates } from "./gates.ts";
import { ensureHistory, placeOfAlias } from "./history.ts";
import { type MeasureOptions, measureCandidate } from "./measure.ts";
import { versionBefore, withOutsideMoves } from "./move.ts";
import { type Mover, moveAlias } from "./move-alias.ts";

/** Runs and models, and how a version's bundle is read. */
export interface Registered {
  readonly registry: ModelRegistry;
  readonly store: RunStore;
  readBundle(version: ModelVersion): Promise<SourcedBundle>;
}

export interface PromoteOptions extends Omit<MeasureOptions, "candidate" | "present"> {
  readonly name: string;
  readonly version: string;
  readonly alias: string;
  readonly mover: Mover;
  readonly reason?: string;
  /** Promotes although gates fail; needs a reason. */
  readonly force?: boolean;
  /** Runs the gates alone. */
  readonly checksOnly?: boolean;
}

export interface Promotion {
  readonly name: string;
  readonly alias: string;
  readonly version: string;
  /** The version that had the alias before. */
  readonly from?: string;
  /** `unchanged` where the version has the alias already; `checked` where the gates ran alone. */
  readonly outcome: "promoted" | "rolled back" | "unchanged" | "checked";
  readonly forced: boolean;
  readonly gates: readonly GateResult[];
  /** Of the move in the history of the alias. */
  readonly number?: number;
}

/** PROMOTION_REFUSED with the results of all gates. */
export class PromotionRefusal extends AppError {
  readonly gates: readonly GateResult[];

  constructor({ name, version, alias }: PromoteOptions, gates: readonly GateResult[]) {
    const failed = gates.filter(({ verdict }) => verdict === "fail");
    const isFinal = failed.some(({ gate }) => isFinalGate(gate));
    super("PROMOTION_REFUSED", {
      required: "a version that passes every gate",
      received: failed.map(({ gate, reason }) => `${gate} (${reason})`).join("; "),
      where: `${name} ${version}, to ${alias}`,
      hint: isFinal
        ? "register the bundle again from a file that works"
        : "train a better one, or promote it all the same with `force` and a `reason`, which are kept",
    });
    this.gates = gates;
  }

  override toJSON(): ReturnType<AppError["toJSON"]> & { readonly gates: readonly GateResult[] } {
    // The type of AppError's form says that all its values are texts; this one has a list too.
    return { ...super.toJSON(), gates: this.gates } as ReturnType<PromotionRefusal["toJSON"]>;
  }
}

/**
 * Errors: PROMOTION_REFUSED (`PromotionRefusal`) with each failed gate, where `force` is not given;
 * PROMOTION_CONFLICT where the alias was moved meanwhile; CONFIG_INVALID for force without a reason;
 * MODEL_NOT_REGISTERED, MODEL_VERSION_NOT_FOUND, ALIAS_INVALID; those of `readBundle`,
 * `measureCandidate` and of the stores.
 */
export async function promote(registered: Registered, options: PromoteOptions): Promise<Promotion> {
  const { registry, store, readBundle } = registered;
  const { name, alias, mover, force = false, checksOnly = false } = options;
  if (force && !options.reason?.trim()) throw missingReason();
  const version = await registry.getVersion(name, options.version);
  const move = { name, alias, version: version.version };
  const before = await registry.resolveAlias(name, alias);
  if (before === version.version) return { ...move, from: before, outcome: "unchanged", forced: false, gates: [] };

  const run = checksOnly ? undefined : await ensureHistory(registry, store, name);
  const place = run
    ? await placeOfAlias(registry, store, run, name, alias, mover.by)
    : { version: before, nextNumber: 0, moves: [] };
  const present = place.version;
  const from = present === undefined ? {} : { from: present };
  const measured = await measureCandidate({
    ...options,
    candidate: await readBundle(version),
    ...(present !== undefined && {
      present: { version: present, read: async () => readBundle(await registry.getVersion(name, present)) },
    }),
  });
  const gates = judgeGates(measured, options.settings);
  const failed = gates.filter(({ verdict }) => verdict === "fail");
  const isRefused = failed.length > 0 && (!force || failed.some(({ gate }) => isFinalGate(gate)));
  if (isRefused) throw new PromotionRefusal(options, gates);
  const forced = failed.length > 0;
  if (run === undefined) return { ...move, ...from, outcome: "checked", forced, gates };

  const number = place.nextNumber;
  await moveAlias(registered, run.id, { ...options, ...move, ...from, kind: "promote", number, forced, gates });
  return { ...move, ...from, outcome: "promoted", forced, gates, number };
}

export interface RollbackOptions {
  readonly name: string;
  readonly alias: string;
  readonly mover: Mover;
  readonly reason?: string;
  readonly executor: Executor;
  readonly logger?: Logger;
}

/**
 * Moves the alias to the version before, by its history. That version must load and answer as it was
 * exported; no other gate is asked.
 * Errors: MODEL_VERSION_NOT_FOUND where the history has no version before; PROMOTION_CONFLICT; those
 * of `loadBundle`, `readBundle` and of the stores.
 */
export async function rollBack(registered: Registered, options: RollbackOptions): Promise<Promotion> {
  const { registry, store, readBundle } = registered;
  const { name, alias, mover, executor } = options;
  const run = await ensureHistory(registry, store, name);
  const place = await placeOfAlias(registry, store, run, name, alias, mover.by);
  const versions = new Map((await registry.listVersions(name)).map((version) => [version.version, version]));
  const moves = withOutsideMoves(alias, place.moves, place.version);
  const target = versions.get(versionBefore(moves, (version) => versions.has(version)) ?? "");
  if (target === undefined) throw noVersionBefore(name, alias, place.version);
  const bundle = await loadBundle(await readBundle(target), executor);
  await bundle.close();
  const from = place.version === undefined ? {} : { from: place.version };
  const gates: readonly GateResult[] = [
    { gate: "load", verdict: "pass", reason: "loads, and answers as it was exported" },
  ];
  const move = { name, alias, version: target.version, ...from, forced: false, gates, number: place.nextNumber };
  await moveAlias(registered, run.id, { ...options, ...move, kind: "rollback" });
  return { ...move, outcome: "rolled back" };
}

function missingReason(): AppError {
  return new AppError("CONFIG_INVALID", {
    required: "a reason for a promotion that is forced",
    received: "none",
    hint: "give `reason`: it is kept in the history",
  });
}

function noVersionBefore(name: string, alias: string, present: string | undefined): AppError {
  return new AppError("MODEL_VERSION_NOT_FOUND", {
    required:
      `a version that had the alias ${alias} before ${present === undefined ? "" : `version ${present}`}`.trim(),
    received: "none in the history",
    where: name,
    hint: "promote the version that is meant: pawprint models promote NAME VERSION --to ALIAS",
  });
}
