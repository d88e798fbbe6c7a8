/** `pawprint sweep`: searches settings of a training, a process for each trial. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { stringify } from "yaml";
import {
  AppError,
  cpuLimit,
  ensureFolder,
  isErrorCode,
  readText,
  throwIfCancelled,
  writeFileAtomic,
} from "../../base/index.ts";
import { csvLine } from "../../predict/prediction-formats.ts";
import { renderChart } from "../../report/chart.ts";
import { sweepChart } from "../../report/sweep-chart.ts";
import { checkpointFolderOf, listCheckpoints } from "../../train/checkpoint/checkpoint-folder.ts";
import {
  type Figures,
  parseSweep,
  runSweep,
  type Sweep,
  type TrialConfig,
  type TrialResult,
  trialConfig,
  trialName,
} from "../../train/sweep/index.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { table } from "../console.ts";
import { percent } from "../evaluation-text.ts";
import { pathFrom, shownPath } from "../paths.ts";

export const command = defineCommand({
  name: "sweep",
  summary: "search settings of a training: random, or by successive halving",
  description: `The file says what is searched and within what bounds. Each trial is a training in a process of its own, whose settings follow from the
file and the trial's number alone. Trials that came to their end are not run again: Ctrl-C and start it anew to go on. The result is a ranked table, sweep.csv, a chart
and the bundle of every trial.`,
  arguments: [{ name: "file", doc: "the sweep, such as sweep.yaml" }],
  options: [
    {
      name: "out",
      type: "string",
      placeholder: "FOLDER",
      doc: "where trials are kept; sweeps/NAME after the file unless given",
    },
    { name: "parallel", type: "integer", min: 1, max: 64, default: 1, doc: "trials at once; they share the cores" },
    {
      name: "trial",
      type: "integer",
      min: 0,
      max: 9999,
      doc: "run this trial alone, here, and print its figures: for a job in a cluster",
    },
    {
      name: "trialEpochs",
      type: "integer",
      min: 1,
      max: 10_000,
      doc: "with --trial: its epochs; those of the file unless given",
    },
  ],
  examples: [
    { line: "pawprint sweep sweep.yaml", doc: "every trial, one after another" },
    { line: "pawprint sweep sweep.yaml --trial 3 --json", doc: "one trial of it" },
  ],
  async run(context, { file }, { out, parallel, trial, trialEpochs }) {
    const { cwd, signal, progress, style } = context;
    const path = pathFrom(cwd, file);
    const text = await readText(path);
    const sweep = parseSweep(text, basename(file));
    const folder = pathFrom(cwd, out ?? join("sweeps", basename(file, extname(file))));
    if (trial !== undefined) {
      const config = trialConfig(sweep, trial, trialEpochs ?? sweep.epochs);
      const figures = await trainInChild(
        { sweep, context, parallel: 1 },
        config,
        join(folder, trialName(trial, config.epochs)),
      );
      return {
        result: { ...config, ...figures },
        text: `trial ${trial}: ${percent(figures.validationAccuracy)} on the validation split`,
      };
    }
    const { results, reused } = await runSweep({
      sweep,
      folder,
      parallel,
      signal,
      progress,
      runTrial: (config, place) => trainInChild({ sweep, context, parallel }, config, place),
    });
    const good = results.filter((result) => result.error === undefined);
    const searched = Object.keys(sweep.search);
    const chart = join(folder, "sweep.svg");
    await writeFileAtomic(join(folder, "sweep.csv"), csvOf(results, searched), { force: true });
    if (good.length > 0) {
      const trials = good.map(({ trial: number, drawn, validationAccuracy }) => ({
        trial: number,
        settings: drawn,
        validationAccuracy,
      }));
      await writeFileAtomic(chart, await renderChart(sweepChart(trials, searched)), { force: true });
    }
    const best = good[0];
    return {
      result: { folder, reused, results },
      text: [
        tableOf(results, searched),
        "",
        best === undefined
          ? style.red("no trial came to its end")
          : `${style.bold("Best")}  ${shownPath(cwd, join(folder, trialName(best.trial, best.epochs), "model.onnx"))}; the chart: ${shownPath(cwd, chart)}`,
      ].join("\n"),
      exitCode: best === undefined ? 1 : 0,
    };
  },
});

interface ChildOptions {
  readonly sweep: Sweep;
  readonly context: Pick<CommandContext, "cwd" | "env" | "signal">;
  readonly parallel: number;
}

/** The command line itself, compiled or from its sources. */
const main = fileURLToPath(new URL(`../main${extname(import.meta.url)}`, import.meta.url));

/** `pawprint train` with the trial's settings; its words are kept in `log.txt`. Errors: that of the training. */
async function trainInChild(
  { sweep, context, parallel }: ChildOptions,
  config: TrialConfig,
  folder: string,
): Promise<Figures> {
  const { cwd, signal } = context;
  await ensureFolder(folder);
  // Settings by a file of their own: neither pawprint.yaml nor the environment may have a say in a trial.
  const settings = join(folder, "train.yaml");
  await writeFileAtomic(settings, stringify({ train: config.settings }), { force: true });
  const inherited = Object.entries({ ...process.env, ...context.env });
  const env = Object.fromEntries(inherited.filter(([name]) => !name.startsWith("PAWPRINT_TRAIN_")));
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
  // A log that cannot be written is no reason to lose the trial.
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

function figuresFrom(said: string, code: number | null, folder: string): Figures {
  const answer = parseLine(said);
  const error = answer?.error as { readonly code: string; readonly message: string } | undefined; // as every command prints it
  if (error && isErrorCode(error.code)) {
    const isOther = error.code === "CHECKPOINT_INVALID";
    const hint = isOther ? { hint: `to train this trial anew, delete ${folder}` } : {};
    throw new AppError(error.code, { required: error.message, ...hint });
  }
  if (code !== 0 || answer === undefined) {
    throw new AppError("TRIAL_FAILED", {
      required: "a training that comes to its end",
      received: `exit code ${code ?? "none"}`,
      where: folder,
      hint: "log.txt there says more",
    });
  }
  const { history, bestEpoch, durationMs } = answer as unknown as {
    readonly history: readonly {
      readonly epoch: number;
      readonly validationAccuracy: number;
      readonly validationLoss: number;
    }[];
    readonly bestEpoch: number;
    readonly durationMs: number;
  }; // what train prints with --json
  const { validationAccuracy, validationLoss } = history.find(({ epoch }) => epoch === bestEpoch)!;
  return { validationAccuracy, validationLoss, bestEpoch, durationMs };
}

function parseLine(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text.trim().split("\n").at(-1) ?? "");
  } catch {
    return undefined;
  }
}

/** Lists with commas, objects as JSON. */
function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function tableOf(results: readonly TrialResult[], searched: readonly string[]): string {
  const right = (title: string) => ({ title, align: "right" as const });
  return table(
    [right("TRIAL"), right("EPOCHS"), right("VALIDATION"), right("LOSS"), ...searched.map((key) => right(key))],
    results.map((result) => [
      `${result.trial}`,
      `${result.epochs}`,
      result.error ? result.error.code : percent(result.validationAccuracy),
      result.error ? "" : result.validationLoss.toFixed(4),
      ...searched.map((key) => valueText(result.drawn[key])),
    ]),
  );
}

function csvOf(results: readonly TrialResult[], searched: readonly string[]): string {
  const rows = results.map((result) => [
    result.trial,
    result.epochs,
    ...(result.error
      ? ["", "", "", result.error.code]
      : [result.validationAccuracy, result.validationLoss, result.durationMs, ""]),
    ...searched.map((key) => result.drawn[key]),
  ]);
  const head = ["trial", "epochs", "validation_accuracy", "validation_loss", "duration_ms", "error", ...searched];
  return [head, ...rows].map((row) => csvLine(row.map((value) => valueText(value ?? "")))).join("");
}
