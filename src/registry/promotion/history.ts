/**
 * The history of a registered model's aliases: a run of its own in the experiment
 * `pawprint-promotions`, whose parameters are the moves. Parameters are written once, in a folder and
 * on any MLflow server alike: the first writer of a number has the move, every other is told.
 */
import { setTimeout as pause } from "node:timers/promises";
import { AppError, isAppError } from "../../base/errors.ts";
import { isRunning, ownIdentity } from "../../base/locks/process-identity.ts";
import { createRandom } from "../../base/random.ts";
import { shellWord } from "../../base/shell-word.ts";
import { historyExperiment } from "../../tracking/history-experiment.ts";
import type { Run } from "../../tracking/run.ts";
import type { RunStore } from "../../tracking/run-store.ts";
import type { ModelRegistry, RegisteredModel } from "../model-registry.ts";
import { modelNotRegistered } from "../registry-names.ts";
import {
  type AliasMove,
  type Claim,
  claimKey,
  claimText,
  type Ending,
  endingKey,
  lastNumber,
  movesIn,
} from "./move.ts";

/** Of the registered model: the id of its history run. */
export const historyRunTag = "pawprint.history_run";
/** Of a history run: the model's name. */
const historyOfTag = "pawprint.history_of";

/** A claim is settled within this time, or never: its process moves no alias later than half of it. */
export const claimLifeMs = 60_000;

/** The id of the history run; undefined where the model has none yet. */
export async function findHistory(store: RunStore, model: RegisteredModel): Promise<Run | undefined> {
  const id = model.tags.get(historyRunTag);
  if (id === undefined) return undefined;
  try {
    const run = await store.getRun(id);
    // Someone who cleans up deletes runs; the moves are needed still.
    if (run.lifecycle === "deleted") await store.restoreRun(id);
    return run;
  } catch (error) {
    if (isAppError(error, "RUN_NOT_FOUND")) return undefined; // removed for good: a new one begins
    throw error;
  }
}

/**
 * The history run, made where there is none. Of several processes that make the first one, each makes
 * a run and then looks: whoever sees no other finishes its own, the others remove theirs and wait for
 * that one. Where all see each other, all remove theirs and try again. So there is one at last, as long
 * as the store shows a run to everyone once it is made; one that a crash left is taken over.
 */
export async function ensureHistory(registry: ModelRegistry, store: RunStore, name: string): Promise<Run> {
  const experiment = await store.ensureExperiment(historyExperiment);
  const random = createRandom(crypto.randomUUID());
  for (let attempt = 1; ; attempt++) {
    const known = await findHistory(store, await requireModel(registry, name));
    if (known !== undefined) return known;
    const others = await historiesOf(store, experiment.id, name);
    // Others that stay unfinished are left by crashes: everyone takes the same one.
    const kept = others.find(({ status }) => status === "FINISHED") ?? (attempt > 10 ? others[0] : undefined);
    if (kept !== undefined) return adopt(registry, store, name, kept);
    if (others.length === 0) {
      const own = await store.createRun({
        experimentId: experiment.id,
        name,
        startedMs: Date.now(),
        tags: new Map([[historyOfTag, name]]),
      });
      const all = await historiesOf(store, experiment.id, name);
      if (all.every(({ id }) => id === own.id)) {
        await store.updateRun(own.id, { status: "FINISHED", endedMs: Date.now() });
        return adopt(registry, store, name, own);
      }
      await store.deleteRun(own.id);
    }
    await pause(20 + random.integer(50 * attempt));
  }
}

async function adopt(registry: ModelRegistry, store: RunStore, name: string, { id }: Run): Promise<Run> {
  await registry.setModelTag(name, historyRunTag, id);
  return store.getRun(id);
}

/** By id. The names of models are free text: they are compared here, not in the filter. */
async function historiesOf(store: RunStore, experimentId: string, name: string): Promise<readonly Run[]> {
  const found: Run[] = [];
  for (let pageToken: string | undefined; ; ) {
    const page = await store.searchRuns({
      experimentIds: [experimentId],
      only: { tags: [historyOfTag], params: [], metrics: [] },
      ...(pageToken !== undefined && { pageToken }),
    });
    found.push(...page.runs.filter(({ tags }) => tags.get(historyOfTag) === name));
    pageToken = page.nextPageToken;
    if (pageToken === undefined) break;
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function requireModel(registry: ModelRegistry, name: string): Promise<RegisteredModel> {
  const model = await registry.findModel(name);
  if (model !== undefined) return model;
  throw modelNotRegistered(name, registry.location);
}

/** Where an alias stands: the version, and the number of the next move. */
export interface AliasPlace {
  readonly version?: string;
  readonly nextNumber: number;
  readonly moves: readonly AliasMove[];
}

/**
 * Reads where an alias stands, and settles the last move where its process ended before it did: one
 * that had moved the alias is marked as applied, one that had not as abandoned.
 * Errors: PROMOTION_CONFLICT where another process is at it.
 */
export async function placeOfAlias(
  registry: ModelRegistry,
  store: RunStore,
  run: Run,
  name: string,
  alias: string,
  by: string,
): Promise<AliasPlace> {
  const version = await registry.resolveAlias(name, alias);
  const last = (movesIn(run.params).get(alias) ?? []).at(-1);
  if (last?.state === "claimed") {
    const outcome = version === last.to ? "applied" : (await isUnderWay(last)) ? undefined : "abandoned";
    if (outcome === undefined) throw conflict(name, alias, `a move to version ${last.to} by ${last.by}, under way`);
    await endMove(store, run.id, last, outcome, by);
  }
  const { params } = last?.state === "claimed" ? await store.getRun(run.id) : run;
  return {
    ...(version !== undefined && { version }),
    nextNumber: lastNumber(params, alias) + 1,
    moves: movesIn(params).get(alias) ?? [],
  };
}

async function isUnderWay({ atMs, process }: AliasMove): Promise<boolean> {
  if (process !== undefined && process.space !== "" && process.space === (await ownIdentity()).space) {
    return isRunning(process);
  }
  return Math.abs(Date.now() - atMs) < claimLifeMs;
}

/** Takes the move. Errors: PROMOTION_CONFLICT where another process was first. */
export async function claimMove(
  store: RunStore,
  runId: string,
  { name, alias, number, claim }: { name: string; alias: string; number: number; claim: Claim },
): Promise<void> {
  const key = claimKey(alias, number);
  const text = claimText(claim);
  try {
    await store.logBatch(runId, { params: new Map([[key, text]]) });
  } catch (error) {
    if (!isAppError(error, "PARAM_CHANGED")) throw error;
  }
  const { params } = await store.getRun(runId);
  if (params.get(key) === text) return;
  const winner = movesIn(params)
    .get(alias)
    ?.find((move) => move.number === number);
  throw conflict(name, alias, winner ? moveText(winner) : "a move of another process");
}

function moveText({ to, by, kind }: AliasMove): string {
  return `version ${to}, ${madeBy[kind]} by ${by} meanwhile`;
}

const madeBy = { register: "registered", promote: "promoted", rollback: "rolled back to" };

/** Marks a move as ended, once: what is marked already stays. */
export async function endMove(
  store: RunStore,
  runId: string,
  { alias, number }: Pick<AliasMove, "alias" | "number">,
  outcome: Ending["outcome"],
  by: string,
): Promise<void> {
  const ending: Ending = { outcome, atMs: Date.now(), by };
  try {
    await store.logBatch(runId, { params: new Map([[endingKey(alias, number), JSON.stringify(ending)]]) });
  } catch (error) {
    if (!isAppError(error, "PARAM_CHANGED")) throw error;
  }
}

export function conflict(name: string, alias: string, received: string): AppError {
  return new AppError("PROMOTION_CONFLICT", {
    required: `the alias ${alias} where it was when this began`,
    received,
    where: name,
    hint: `look at what was promoted, then decide again: pawprint models history ${shellWord(name)}`,
  });
}
