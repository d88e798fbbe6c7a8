/** A trial of a sweep as `pawprint train` in a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { stringify } from "yaml";
import { throwIfCancelled } from "../base/cancel.ts";
import { AppError, isErrorCode } from "../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../base/files/atomic-file.ts";
import { cpuLimit } from "../base/machine/cpu-limit.ts";
import type { TrackingConfig } from "../tracking/tracking-config.ts";
import { checkpointFolderOf, listCheckpoints } from "../train/checkpoint/checkpoint-folder.ts";
import type { TrialMetrics } from "../train/sweep/run-sweep.ts";
import type { Sweep } from "../train/sweep/sweep-config.ts";
import type { TrialConfig } from "../train/sweep/trial.ts";
import type { CommandContext } from "./frame/command.ts";
import { trackingEnvironment } from "./tracking-options.ts";

export interface TrialProcessOptions {
  readonly sweep: Sweep;
  readonly context: Pick<CommandContext, "cwd" | "env" | "signal">;
  /** Trials at once: each has its share of the cores. */
  readonly parallel: number;
  /** How trials are recorded, each as a run named after its folder. */
  readonly tracking: Partial<TrackingConfig>;
}

/** The command line itself, compiled or from its sources. */
const main = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url));

/**
 * `pawprint train` with the trial's settings; its log is kept in `log.txt`. Errors: that of the
 * training.
 */
export async function trainInChild(
  { sweep, context, parallel, tracking }: TrialProcessOptions,
  config: TrialConfig,
  folder: string,
): Promise<TrialMetrics> {
  const { cwd, signal } = context;
  await ensureFolder(folder);
  // Settings in their own file: pawprint.yaml and the environment must not affect a trial.
  const settings = join(folder, "train.yaml");
  await writeFileAtomic(settings, stringify({ train: config.settings }), { force: true });
  const inherited = Object.entries({ ...process.env, ...context.env });
  const env = {
    ...Object.fromEntries(inherited.filter(([name]) => !/^PAWPRINT_(TRAIN|TRACKING)_/.test(name))),
    ...trackingEnvironment({ ...tracking, runName: basename(folder) }),
  };
  const threads = Math.max(1, Math.floor(cpuLimit() / parallel));
  const out = join(folder, "model.onnx");
  const wasCutOff = (await listCheckpoints(checkpointFolderOf(out))).length > 0;
  const line = [
    "train",
    "--config",
    settings,
    "--data",
    sweep.data,
    "--out",
    out,
    "--threads",
    String(threads),
    wasCutOff ? "--resume" : "--force",
    "--json",
  ];
  const loader = main.endsWith(".ts") ? ["--import", pathToFileURL(createRequire(main).resolve("tsx")).href] : [];
  const child = spawn(process.execPath, [...loader, main, ...line], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = createWriteStream(join(folder, "log.txt"));
  // A trial goes on without its log.
  log.on("error", () => child.stderr.resume());
  child.stderr.pipe(log);
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  const end = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const [code] = (await once(child, "close")) as [number | null];
  signal.removeEventListener("abort", end);
  throwIfCancelled(signal);
  return figuresFrom(said, code, folder);
}

function figuresFrom(said: string, code: number | null, folder: string): TrialMetrics {
  const answer = parseLine(said);
  const error = answer?.error as { readonly code: string; readonly message: string } | undefined; // as every command prints it
  if (error && isErrorCode(error.code)) {
    const isOther = error.code === "CHECKPOINT_INVALID";
    const hint = isOther ? { hint: `to train this trial anew, delete ${folder}` } : {};
    throw new AppError(error.code, { required: error.message, ...hint });
  }
  if (code !== 0 || answer === undefined) {
    throw new AppError("TRIAL_FAILED", {
      required: "a training that completes",
      received: `exit code ${code ?? "none"}`,
      where: folder,
      hint: "log.txt there says more",
    });
  }
  const { history, bestEpoch, durationMs, recorded } = answer as unknown as {
    readonly history: readonly {
      readonly epoch: number;
      readonly validationAccuracy: number;
      readonly validationLoss: number;
    }[];
    readonly bestEpoch: number;
    readonly durationMs: number;
    readonly recorded?: { readonly runId: string };
  }; // what train prints with --json
  const { validationAccuracy, validationLoss } = history.find(({ epoch }) => epoch === bestEpoch)!;
  const run = recorded && { runId: recorded.runId };
  return { validationAccuracy, validationLoss, bestEpoch, durationMs, ...run };
}

function parseLine(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text.trim().split("\n").at(-1) ?? "");
  } catch {
    return undefined;
  }
}
