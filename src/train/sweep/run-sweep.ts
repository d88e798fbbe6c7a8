/** Runs a sweep's trials, optionally in parallel. Results are kept, so a sweep can be resumed. */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { throwIfCancelled } from "../../base/cancel.ts";
import { AppError, toAppError } from "../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../base/files/atomic-file.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { roundEpochs, survivors } from "./rounds.ts";
import type { Sweep } from "./sweep-config.ts";
import { isSettled, ranked, type TrialConfig, type TrialResult, trialConfig } from "./trial.ts";

export interface RunSweepOptions {
  readonly sweep: Sweep;
  /** The folder of the sweep; each trial has one inside. */
  readonly folder: string;
  /** Called and awaited before the first trial, when the folder is known to be this sweep's. */
  readonly onBegin?: () => Promise<void>;
  /** Trains one trial in its folder. An error is kept as the trial's result. */
  readonly runTrial: (config: TrialConfig, folder: string) => Promise<TrialMetrics>;
  /** Trials at once. Default 1. */
  readonly parallel?: number;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** Of a trial that finished. */
export type TrialMetrics = Pick<
  Extract<TrialResult, { error?: undefined }>,
  "validationAccuracy" | "validationLoss" | "bestEpoch" | "durationMs" | "runId"
>;

export interface SweepResult {
  /** The last result of every trial, the best first, later rounds before earlier ones. */
  readonly results: readonly TrialResult[];
  /** How many results were there already. */
  readonly reused: number;
}

/**
 * Errors: CONFIG_INVALID where the folder holds trials of another sweep; INTERRUPTED, with finished
 * trials kept; FILE_WRITE_FAILED. A trial that fails is a result too.
 */
export async function runSweep(options: RunSweepOptions): Promise<SweepResult> {
  const { sweep, folder, parallel = 1, signal, progress = silentProgress } = options;
  await ensureFolder(folder);
  await requireSameSweep(folder, sweep);
  await options.onBegin?.();
  const last = new Map<number, TrialResult>();
  const rounds: TrialResult[][] = [];
  let alive: readonly number[] = Array.from({ length: sweep.trials }, (_, trial) => trial);
  let reused = 0;
  for (const epochs of roundEpochs(sweep)) {
    const task = progress.start({ label: `${epochs} epochs`, total: alive.length, unit: "trials" });
    const waiting = [...alive];
    const results: TrialResult[] = [];
    const work = async (): Promise<void> => {
      for (let trial = waiting.shift(); trial !== undefined; trial = waiting.shift()) {
        throwIfCancelled(signal);
        const config = trialConfig(sweep, trial, epochs);
        const place = join(folder, trialName(trial, epochs));
        const before = await readResult(place);
        if (before) reused++;
        const result = before ?? (await runOne(options, config, place));
        results.push(result);
        last.set(trial, result);
        task.advance(1, describe(result));
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: Math.max(1, parallel) }, work));
    const failure = lanes.find((lane) => lane.status === "rejected");
    if (failure) {
      task.fail();
      throw failure.reason;
    }
    task.done();
    rounds.push(results);
    alive = survivors(results, sweep.eta);
  }
  const order = rounds.toReversed().flatMap((results) => ranked(results).map(({ trial }) => trial));
  return { results: [...new Set(order)].map((trial) => last.get(trial)!), reused };
}

/** `trial-007-epochs-9` */
export function trialName(trial: number, epochs: number): string {
  return `trial-${String(trial).padStart(3, "0")}-epochs-${epochs}`;
}

/** Runs a trial and keeps its result in its folder. Errors: INTERRUPTED, FILE_WRITE_FAILED. */
export async function runOne(
  { runTrial, signal }: Pick<RunSweepOptions, "runTrial" | "signal">,
  config: TrialConfig,
  folder: string,
): Promise<TrialResult> {
  await mkdir(folder, { recursive: true });
  let result: TrialResult;
  try {
    result = { ...config, ...(await runTrial(config, folder)) };
  } catch (error) {
    throwIfCancelled(signal);
    const { code, message } = toAppError(error);
    result = { ...config, error: { code, message } };
  }
  await writeFileAtomic(join(folder, "result.json"), `${JSON.stringify(result, null, 2)}\n`, { force: true });
  return result;
}

/** Undefined where the trial has to be run. */
async function readResult(folder: string): Promise<TrialResult | undefined> {
  try {
    const result = JSON.parse(await readFile(join(folder, "result.json"), "utf8")) as TrialResult; // runOne wrote it, whole or not at all
    return isSettled(result) ? result : undefined;
  } catch {
    return undefined;
  }
}

async function requireSameSweep(folder: string, sweep: Sweep): Promise<void> {
  const path = join(folder, "sweep.json");
  const text = `${JSON.stringify(sweep, null, 2)}\n`;
  const there = await readFile(path, "utf8").catch(() => undefined);
  if (there === text) return;
  const hasTrials = (await readdir(folder)).some((name) => name.startsWith("trial-"));
  if (there !== undefined && hasTrials) {
    throw new AppError("CONFIG_INVALID", {
      required: "a folder with trials of this sweep, or with none",
      received: "trials of another sweep, or of an earlier version of its file",
      where: folder,
      hint: "choose another folder (`out`), or delete this one",
    });
  }
  await writeFileAtomic(path, text, { force: true });
}

function describe(result: TrialResult): string {
  const name = `trial ${result.trial}`;
  return result.error ? `${name}: ${result.error.code}` : `${name}: ${(100 * result.validationAccuracy).toFixed(2)} %`;
}
