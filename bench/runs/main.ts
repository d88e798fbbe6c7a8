/**
 * npm run bench:runs [-- --json] [-- --rounds N] [-- --runs N] [-- --folder FOLDER]
 *
 * Listing, searching and comparing runs of a folder in MLflow's layout: calls of our library against
 * calls of MLflow's Python client on the same folder and on SQLite, each in a process that has
 * started; and our whole commands, start of the process included, against one second. And logging:
 * 100,000 points through our store in batches of 100, against `mlflow.log_metric` in a loop of fewer
 * points; both are given for a point. Contenders take turns; ratios are those of the medians.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { findPeerPython } from "../../tests/support/peer-python.ts";
import { startLineProcess } from "../line-process.ts";
import { type BenchmarkResult, median, printBenchmark } from "../report.ts";
import { benchRuns, runId } from "./bench-runs.ts";
import type { Task } from "./worker.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    runs: { type: "string", default: "5000" },
    folder: { type: "string", default: tmpdir() },
  },
});
const rounds = Number(options.rounds);
const count = Number(options.runs);
const compared = Math.min(20, count);
const steps = 1000;
const loggedPoints = 100_000;
/** Of the peer's loop, which would take minutes with all. */
const peerPoints = 2000;
const metricsOfRun = 5;
const folderTarget = 5;
const logTarget = 10;

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const log = (text: string) => process.stderr.write(`${text}\n`);
const pawprint = fileURLToPath(new URL("../../bin/pawprint.mjs", import.meta.url));

interface Case {
  readonly name: string;
  readonly command: readonly string[];
  /** For our worker and for the peer. */
  readonly task:
    | { readonly work: "search"; readonly filter?: string }
    | { readonly work: "compare"; readonly ids: readonly string[] };
  /** How many runs are found, or how many points are read. */
  readonly expected: number;
}

const filter = "metrics.val_accuracy > 0.8 and params.optimizer = 'adamw'";
const ids = Array.from({ length: compared }, (_, at) => runId(count - 1 - at));
const matching = [...benchRuns(count, steps, compared)].filter(
  ({ metrics, params }) => metrics.val_accuracy!.at(-1)! > 0.8 && params.optimizer === "adamw",
).length;
const cases: readonly Case[] = [
  {
    name: `list ${count} runs`,
    command: ["runs", "list", "--limit", String(count)],
    task: { work: "search" },
    expected: count,
  },
  {
    name: `search ${count} runs`,
    command: ["runs", "search", filter, "--limit", String(count)],
    task: { work: "search", filter },
    expected: matching,
  },
  {
    name: `compare ${compared} runs of ${steps} steps`,
    command: ["runs", "compare", ...ids],
    task: { work: "compare", ids },
    expected: compared * metricsOfRun * steps,
  },
];

const scratch = await mkdtemp(join(options.folder, "pawprint-runs-"));
try {
  const folder = join(scratch, "runs");
  const worker = startLineProcess(process.execPath, ["--import", "tsx", here("worker.ts")]);
  const ask = (task: Task) => worker.ask(task);
  log(`filling a folder with ${count} runs`);
  await ask({ work: "fill", folder, count, steps, long: compared });
  const python = await findPeerPython(["mlflow"], log);
  const peer = python === undefined ? undefined : startLineProcess(python, [here("peer.py")]);
  const version = peer && `MLflow ${(await peer.ask({ work: "version" })).version}`;
  const sqlite = `sqlite:///${join(scratch, "mlflow.db")}`;
  if (peer) {
    log("filling SQLite with the same runs");
    const file = join(scratch, "runs.jsonl");
    writeFileSync(file, [...benchRuns(count, steps, compared)].map((run) => `${JSON.stringify(run)}\n`).join(""));
    await peer.ask({ work: "fill", uri: sqlite, artifacts: join(scratch, "artifacts"), file });
  }
  const places = [
    { name: "folder", uri: folder, target: folderTarget },
    { name: "SQLite", uri: sqlite, target: null },
  ] as const;
  const results: BenchmarkResult[] = [];
  for (const one of cases) results.push(...(await measureCase(one)));
  results.push(...(await measureLogging()));
  await peer?.close();
  await worker.close();
  printBenchmark({ name: "runs", results }, options.json);

  async function measureCase({ name, command, task, expected }: Case): Promise<readonly BenchmarkResult[]> {
    const ours: number[] = [];
    const commands: number[] = [];
    const theirs = places.map(() => [] as number[]);
    const check = (who: string, found: unknown): void => {
      if (found !== expected) throw new Error(`${name}: ${who} found ${found}, not ${expected}`);
    };
    // The first round warms the file cache and the compilers.
    for (let round = 0; round <= rounds; round++) {
      const { seconds, count: found } = await ask({ ...task, folder });
      check("our library", found);
      const commandSeconds = await runOurs(command, folder);
      if (round > 0) {
        ours.push(Number(seconds));
        commands.push(commandSeconds);
      }
      for (const [at, { name: place, uri }] of places.entries()) {
        const measured = await peer?.ask({ ...task, uri });
        if (measured) check(`MLflow (${place})`, measured.count);
        if (measured && round > 0) theirs[at]!.push(Number(measured.seconds));
      }
      log(
        `${name}: round ${round}/${rounds}, ours ${Number(seconds).toFixed(3)} s, as a command ${commandSeconds.toFixed(2)} s`,
      );
    }
    const whole = median(commands);
    return [
      ...places.map(({ name: place, target }, at) => resultOf(name, "s", ours, place, theirs[at]!, target)),
      {
        case: `${name}, command`,
        value: whole,
        unit: "s",
        peer: "one second",
        peerValue: 1,
        ratio: 1 / whole,
        target: 1,
      },
    ];
  }

  async function measureLogging(): Promise<readonly BenchmarkResult[]> {
    const ours: number[] = [];
    const theirs = places.map(() => [] as number[]);
    for (let round = 1; round <= rounds; round++) {
      const { seconds } = await ask({
        work: "log",
        folder: join(scratch, `log-${round}`),
        points: loggedPoints,
        batch: 100,
      });
      ours.push((1e6 * Number(seconds)) / loggedPoints);
      for (const [at, { uri }] of places.entries()) {
        const measured = await peer?.ask({ work: "log", uri, points: peerPoints });
        if (measured) theirs[at]!.push((1e6 * Number(measured.seconds)) / peerPoints);
      }
      log(`logging: round ${round}/${rounds}, ours ${ours.at(-1)!.toFixed(1)} µs a point`);
    }
    const name = `log a point (ours of ${loggedPoints}, peer of ${peerPoints})`;
    return places.map(({ name: place }, at) => resultOf(name, "µs", ours, place, theirs[at]!, logTarget));
  }

  function resultOf(
    name: string,
    unit: string,
    ours: readonly number[],
    place: string,
    theirs: readonly number[],
    target: number | null,
  ): BenchmarkResult {
    const isThere = theirs.length > 0;
    return {
      case: name,
      value: median(ours),
      unit,
      peer: `${version ?? "MLflow"}, ${place}`,
      peerValue: isThere ? median(theirs) : null,
      ratio: isThere ? median(theirs) / median(ours) : null,
      target,
    };
  }
} finally {
  await rm(scratch, { recursive: true });
}

/** Seconds of a whole command. */
async function runOurs(command: readonly string[], folder: string): Promise<number> {
  const start = performance.now();
  await promisify(execFile)(process.execPath, [pawprint, ...command, "--tracking-uri", folder], { maxBuffer: 2 ** 30 });
  return (performance.now() - start) / 1000;
}
