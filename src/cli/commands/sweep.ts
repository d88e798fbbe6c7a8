/** `pawprint sweep`: searches settings of a training, a process for each trial. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { AppError, cpuLimit, readFailure, writeFileAtomic } from "../../base/index.ts";
import { renderChart } from "../../report/chart.ts";
import { sweepChart } from "../../report/sweep-chart.ts";
import { checkpointFolderOf, listCheckpoints } from "../../train/checkpoint-folder.ts";
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
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      throw readFailure(path, error);
    });
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
  const { cwd, env, signal } = context;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
  const flags = Object.entries(config.settings).map(([key, value]) => `--${kebab(key)}=${flagText(value)}`);
  const threads = Math.max(1, Math.floor(cpuLimit() / parallel));
  const out = join(folder, "model.onnx");
  const wasCutOff = (await listCheckpoints(checkpointFolderOf(out))).length > 0;
  const line = [
    "train",
    "--data",
    sweep.data,
    "--out",
    out,
    "--threads",
    String(threads),
    wasCutOff ? "--resume" : "--force",
    "--json",
    ...flags,
  ];
  const loader = main.endsWith(".ts") ? ["--import", pathToFileURL(createRequire(main).resolve("tsx")).href] : [];
  const child = spawn(process.execPath, [...loader, main, ...line], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = createWriteStream(join(folder, "log.txt"));
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
  return figuresFrom(said, code, folder);
}

function figuresFrom(said: string, code: number | null, folder: string): Figures {
  const answer = parseLine(said);
  const error = answer?.error as { readonly code?: string; readonly message?: string } | undefined;
  if (code !== 0 || answer === undefined) {
    throw new AppError("TRIAL_FAILED", {
      required: "a training that comes to its end",
      received: error?.code === undefined ? `exit code ${code ?? "none"}` : `${error.code}: ${error.message}`,
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

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A value as its flag takes it: lists with commas, objects as JSON. */
function flagText(value: unknown): string {
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
      ...searched.map((key) => flagText(result.drawn[key])),
    ]),
  );
}

function csvOf(results: readonly TrialResult[], searched: readonly string[]): string {
  const cell = (value: unknown): string => {
    const text = flagText(value ?? "");
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const rows = results.map((result) => [
    result.trial,
    result.epochs,
    ...(result.error
      ? ["", "", "", result.error.code]
      : [result.validationAccuracy, result.validationLoss, result.durationMs, ""]),
    ...searched.map((key) => result.drawn[key]),
  ]);
  const head = ["trial", "epochs", "validation_accuracy", "validation_loss", "duration_ms", "error", ...searched];
  return `${[head, ...rows].map((row) => row.map(cell).join(",")).join("\n")}\n`;
}
