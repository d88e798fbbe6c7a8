/**
 * npm run bench:transfer [-- --json] [-- --case N] [-- --rounds N]
 *
 * What a training on a pretrained backbone takes, from picture files to a written bundle, and how right it is, against the same
 * in Python: Pillow, features by onnxruntime, a logistic head by PyTorch. Each run starts without any cache. The two take
 * turns, because shared machines drift; ratios are those of the medians. Needs the photographs and backbones of the
 * data folder (PAWPRINT_TEST_DATA).
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { findPeerPython } from "../../tests/support/peer-python.ts";
import { type LineProcess, startLineProcess } from "../line-process.ts";
import { type BenchmarkResult, median, printBenchmark } from "../report.ts";
import { unpackPictures } from "../unpack-pictures.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    case: { type: "string" },
    rounds: { type: "string", default: "3" },
  },
});
const rounds = Number(options.rounds);
const threads = availableParallelism();
const data = process.env.PAWPRINT_TEST_DATA ?? resolve("..", "shared", "data");
const archive = join(data, "cats-dogs-fullres.zip");
const bin = fileURLToPath(new URL("../../bin/pawprint.mjs", import.meta.url));
const log = (text: string) => process.stderr.write(`${text}\n`);

interface Case {
  readonly backbone: string;
  readonly layer: string;
  /** Training pictures of each class; all unless given. */
  readonly perClass?: number;
  /** Share of the test pictures that must be right. */
  readonly accuracy: number;
  readonly flags?: readonly string[];
}

const cases: readonly Case[] = [
  { backbone: "mobilenet-v2-1.0-224.onnx", layer: "features", accuracy: 0.985 },
  { backbone: "mobilenet-v2-1.0-224.onnx", layer: "features", perClass: 50, accuracy: 0.97 },
  { backbone: "mobilenet-v1-0.25-224.onnx", layer: "features", accuracy: 0.945 },
  { backbone: "mobilenet-v2-1.0-224.onnx", layer: "features", accuracy: 0.985, flags: ["--fine-tune", "4"] },
];

/** From picture files to the bundle, whatever the network. */
const limitSeconds = 180;

if (!existsSync(archive)) {
  log(`skipped: no ${archive}`);
  process.exit(0);
}
const python = await findPeerPython(["onnxruntime", "torch==2.13.0", "pillow", "numpy"], log);
const scratch = await mkdtemp(join(tmpdir(), "pawprint-transfer-"));
const results: BenchmarkResult[] = [];
try {
  const all = join(scratch, "all");
  await unpackPictures(archive, all);
  for (const [index, each] of cases.entries()) {
    if (options.case !== undefined && Number(options.case) !== index + 1) continue;
    results.push(...(await measure(each, all)));
  }
} finally {
  await rm(scratch, { recursive: true });
}
printBenchmark({ name: "transfer", results }, options.json);

async function measure(each: Case, all: string): Promise<readonly BenchmarkResult[]> {
  const { backbone, layer, perClass, accuracy, flags = [] } = each;
  const folder = perClass === undefined ? all : await subset(all, perClass);
  const count = perClass === undefined ? "all" : `${perClass} a class`;
  const what = [backbone, `training pictures: ${count}`, ...(flags.length > 0 ? [flags.join(" ")] : [])].join(", ");
  const model = join(data, "backbones", backbone);
  const peer: LineProcess | undefined =
    python === undefined || flags.length > 0
      ? undefined
      : startLineProcess(python, [fileURLToPath(new URL("peer.py", import.meta.url))]);
  const [ours, theirs]: [Run[], Run[]] = [[], []];
  let peerName = "peer absent";
  for (let round = 1; round <= rounds; round++) {
    ours.push(await train(folder, model, layer, flags));
    if (peer) {
      const answer = await peer.ask({ model, layer, folder, perClass: perClass ?? 1_000_000, threads });
      theirs.push({ seconds: Number(answer.seconds), accuracy: Number(answer.accuracy) });
      peerName = String(answer.peer);
    }
    const shown = [ours, theirs].map((runs) => (runs.length > 0 ? textOf(summaryOf(runs)) : "-"));
    log(`${what}: round ${round}/${rounds}, pawprint ${shown[0]}; peer ${shown[1]}`);
  }
  await peer?.close();
  const mine = summaryOf(ours);
  const other = theirs.length > 0 ? summaryOf(theirs) : undefined;
  return [
    {
      case: `${what}: accuracy`,
      value: mine.accuracy,
      unit: "of 1",
      peer: peerName,
      peerValue: other?.accuracy ?? null,
      ratio: other ? mine.accuracy / other.accuracy : null,
      target: accuracy,
    },
    {
      case: `${what}: from files to bundle`,
      value: mine.seconds,
      unit: "s",
      peer: peerName,
      peerValue: other?.seconds ?? null,
      ratio: other ? other.seconds / mine.seconds : null,
      target: limitSeconds,
    },
  ];
}

interface Run {
  readonly seconds: number;
  readonly accuracy: number;
}

function summaryOf(runs: readonly Run[]): Run {
  return { seconds: median(runs.map(({ seconds }) => seconds)), accuracy: median(runs.map((run) => run.accuracy)) };
}

function textOf({ seconds, accuracy }: Run): string {
  return `${seconds.toFixed(1)} s, ${(100 * accuracy).toFixed(2)} %`;
}

/** One command in an empty folder: nothing is kept from the run before. */
async function train(folder: string, model: string, layer: string, flags: readonly string[]): Promise<Run> {
  const cwd = await mkdtemp(join(scratch, "run-"));
  const started = performance.now();
  const args = ["train", "--data", folder, "--layout", "splits", "--backbone", model, "--layer", layer];
  const more = ["--backbone-input", "minus-one-to-one", "--out", "model.onnx", "--no-tracking", "--json", "--quiet"];
  const { stdout } = await promisify(execFile)(process.execPath, [bin, ...args, ...more, ...flags], {
    cwd,
    maxBuffer: 64 * 2 ** 20,
  });
  const seconds = (performance.now() - started) / 1000;
  await rm(cwd, { recursive: true });
  const { evaluation } = JSON.parse(stdout) as { readonly evaluation: { readonly accuracy: number } };
  return { seconds, accuracy: evaluation.accuracy };
}

/** The first pictures of each class to train on, and all test pictures. */
async function subset(all: string, perClass: number): Promise<string> {
  const folder = join(scratch, `first-${perClass}`);
  if (existsSync(folder)) return folder;
  await cp(join(all, "test"), join(folder, "test"), { recursive: true });
  for (const label of await readdir(join(all, "train"))) {
    await mkdir(join(folder, "train", label), { recursive: true });
    const names = (await readdir(join(all, "train", label))).sort().slice(0, perClass);
    for (const name of names) await cp(join(all, "train", label, name), join(folder, "train", label, name));
  }
  return folder;
}
