/** Moves an alias, and writes down who, when and why. */
import { AppError } from "../../base/errors.ts";
import { ownIdentity } from "../../base/locks/process-identity.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import type { RunStore } from "../../tracking/run-store.ts";
import type { ModelRegistry } from "../model-registry.ts";
import type { GateResult } from "./gates.ts";
import { claimLifeMs, claimMove, conflict, endMove } from "./history.ts";
import { type Claim, gateSummary } from "./move.ts";

/** Who moves an alias. */
export interface Mover {
  /** `user@host` */
  readonly by: string;
  /** The name that Git knows the user by. */
  readonly gitUser?: string;
}

/** Of a version: the tag of each alias that it got, with when and by whom. */
export const promotedTagStart = "pawprint.promoted.";

interface Stores {
  readonly registry: ModelRegistry;
  readonly store: RunStore;
}

export interface Move {
  readonly name: string;
  readonly alias: string;
  readonly version: string;
  readonly from?: string;
  readonly kind: Claim["kind"];
  readonly number: number;
  readonly mover: Mover;
  readonly reason?: string;
  readonly forced: boolean;
  readonly gates: readonly GateResult[];
  readonly logger?: Logger;
}

/** Claims the move, moves the alias, marks it as done; then the details, without which it holds too. */
export async function moveAlias({ registry, store }: Stores, runId: string, move: Move): Promise<void> {
  const { name, alias, version, from, kind, number, mover, reason, forced, gates, logger = silentLogger } = move;
  const claim: Claim = {
    id: crypto.randomUUID(),
    kind,
    ...(from !== undefined && { from }),
    to: version,
    atMs: Date.now(),
    ...mover,
    process: await ownIdentity(),
    ...(reason !== undefined && { reason }),
    forced,
    gates: gateSummary(gates),
  };
  const startedMs = performance.now();
  await claimMove(store, runId, { name, alias, number, claim });
  const present = await registry.resolveAlias(name, alias);
  const isLate = performance.now() - startedMs > claimLifeMs / 2;
  if (present !== from || isLate) {
    await endMove(store, runId, { alias, number }, "abandoned", mover.by);
    const received = isLate ? "a store that took too long" : `version ${present ?? "none"}, by another program`;
    throw conflict(name, alias, received);
  }
  await registry.setAlias(name, alias, version);
  await endMove(store, runId, { alias, number }, "applied", mover.by);
  try {
    const details = JSON.stringify({ ...claim, reason, name, alias, number, gates }, undefined, 2);
    await store.writeArtifact({ runId }, `moves/${alias}-${number}.json`, Buffer.from(details));
    const when = new Date(claim.atMs).toISOString();
    await registry.setVersionTag(name, version, `${promotedTagStart}${alias}`, `${when} by ${mover.by}`);
  } catch (error) {
    // The alias stands where it should, and the history says so.
    if (!(error instanceof AppError)) throw error;
    logger.warn("the alias was moved, but its details could not be kept", { error: error.message });
  }
}
