/** The history of a registered model's aliases, as it is read. */

import { modelNotRegistered } from "../registry-names.ts";
import { findHistory } from "./history.ts";
import { type AliasMove, movesIn, type OutsideMove, withOutsideMoves } from "./move.ts";
import type { Registered } from "./promote.ts";

export interface AliasHistory {
  readonly alias: string;
  /** The version that has it now. */
  readonly version?: string;
  /** The oldest first. */
  readonly moves: readonly (AliasMove | OutsideMove)[];
}

export interface ModelHistory {
  readonly name: string;
  /** Where the moves are kept: parameters and artifacts of this run. Absent before the first move. */
  readonly runId?: string;
  /** By name. */
  readonly aliases: readonly AliasHistory[];
}

/** Of one alias where it is given. Changes nothing. Errors: MODEL_NOT_REGISTERED, those of the stores. */
export async function readHistory(
  { registry, store }: Pick<Registered, "registry" | "store">,
  name: string,
  alias?: string,
): Promise<ModelHistory> {
  const model = await registry.findModel(name);
  if (model === undefined) throw modelNotRegistered(name, registry.location);
  const run = await findHistory(store, model);
  const moves = movesIn(run?.params ?? new Map());
  const names = alias === undefined ? [...new Set([...moves.keys(), ...model.aliases.keys()])].sort() : [alias];
  return {
    name,
    ...(run && { runId: run.id }),
    aliases: names.map((one) => {
      const version = model.aliases.get(one);
      return {
        alias: one,
        ...(version !== undefined && { version }),
        moves: withOutsideMoves(one, settled(moves.get(one) ?? [], version), version),
      };
    }),
  };
}

/** A last move whose process ended between moving the alias and saying so, was applied. */
function settled(moves: readonly AliasMove[], version: string | undefined): readonly AliasMove[] {
  const last = moves.at(-1);
  return last?.state === "claimed" && last.to === version
    ? [...moves.slice(0, -1), { ...last, state: "applied" }]
    : moves;
}
