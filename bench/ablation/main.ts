/**
 * npm run bench:ablation [-- --json] [-- --data SOURCE] [-- --time 3m] [-- --seeds 1] [-- --parts
 * mixup,cutmix] [-- --flags="--size 64"]
 *
 * An ablation of the training recipe: the defaults, and the defaults with one part changed, each
 * for the same time on the same machine, by `pawprint train`. The peer of a part is the same
 * training without it. Means over the seeds: on the test split accuracy (its ratio is that of the
 * error rates) and calibrated cross-entropy; on the validation split how far accuracy fell between
 * epochs.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type BenchmarkResult, printBenchmark } from "../report.ts";

interface Metrics {
  /** Percent. */
  readonly accuracy: number;
  /** Cross-entropy in nats, at the fitted temperature. */
  readonly loss: number;
  /** The largest drop of validation accuracy below its earlier maximum, in percentage points. */
  readonly fall: number;
}

interface Part {
  readonly name: string;
  /** Flags that turn it off where it is on by default, and on where it is off. */
  readonly change: readonly string[];
  readonly isDefault: boolean;
}

const parts: readonly Part[] = [
  { name: "averaged weights", change: ["--average-steps", "0"], isDefault: true },
  { name: "label smoothing", change: ["--label-smoothing", "0"], isDefault: true },
  { name: "mixup", change: ["--mixup", "0.2"], isDefault: false },
  { name: "cutmix", change: ["--cutmix", "1"], isDefault: false },
  { name: "progressive resizing", change: ["--progressive"], isDefault: false },
  // With --flags="--size 128", where it is on.
  { name: "progressive resizing of large pictures", change: ["--no-progressive"], isDefault: true },
  { name: "random crops for shift and zoom", change: ["--crop", "0.5"], isDefault: false },
];

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    data: { type: "string" },
    time: { type: "string", default: "3m" },
    seeds: { type: "string", default: "1" },
    parts: { type: "string" },
    flags: { type: "string", default: "" },
  },
});
const log = (text: string) => process.stderr.write(`${text}\n`);
const data = resolve(
  options.data ?? join(process.env.PAWPRINT_TEST_DATA ?? join("..", "shared", "data"), "cats-dogs-128px.zip"),
);
const command = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const results: BenchmarkResult[] = [];
if (existsSync(data)) results.push(...(await measureParts()));
else log(`nothing measured: ${data} is not there`);
printBenchmark({ name: "ablation", results }, options.json);

async function measureParts(): Promise<readonly BenchmarkResult[]> {
  const scratch = await mkdtemp(join(tmpdir(), "pawprint-ablation-"));
  try {
    const metricsOf = async (name: string, change: readonly string[]): Promise<Metrics> => {
      const all: Metrics[] = [];
      for (let seed = 0; seed < Number(options.seeds); seed++) {
        const metrics = await train(scratch, ["--seed", `${seed}`, ...change]);
        log(
          `${name}, seed ${seed}: ${metrics.accuracy.toFixed(2)} %, cross-entropy ${metrics.loss.toFixed(4)}, deepest fall ${metrics.fall.toFixed(2)}`,
        );
        all.push(metrics);
      }
      const mean = (key: keyof Metrics) => all.reduce((sum, metrics) => sum + metrics[key], 0) / all.length;
      return { accuracy: mean("accuracy"), loss: mean("loss"), fall: mean("fall") };
    };
    const defaults = await metricsOf("defaults", []);
    const rows: BenchmarkResult[] = [];
    const asked = options.parts?.split(",") ?? parts.map(({ name }) => name);
    for (const { name, change, isDefault } of parts.filter((part) => asked.includes(part.name))) {
      const changed = await metricsOf(change.join(" "), change);
      const [ours, theirs] = isDefault ? [defaults, changed] : [changed, defaults];
      const peer = isDefault ? "without, otherwise the defaults" : "the defaults, without";
      const row = (unit: string, key: keyof Metrics, ratio: number): BenchmarkResult => {
        return { case: name, value: ours[key], unit, peer, peerValue: theirs[key], ratio, target: 1 };
      };
      rows.push(
        row("%", "accuracy", (100 - theirs.accuracy) / (100 - ours.accuracy)),
        row("nats", "loss", theirs.loss / ours.loss),
        row("points of fall", "fall", theirs.fall / Math.max(ours.fall, 0.01)),
      );
    }
    return rows;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** @returns the metrics of the test split. */
async function train(folder: string, change: readonly string[]): Promise<Metrics> {
  const history = join(folder, "history.json");
  const fixed = ["--data", data, "--time", options.time, "--out", join(folder, "m.onnx"), "--history", history];
  const flags = options.flags.split(" ").filter((flag) => flag !== "");
  const line = [command, "train", ...fixed, "--force", "--quiet", ...flags, ...change];
  const child = spawn(process.execPath, line, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`pawprint train ended with ${code}`);
  const { evaluation, history: epochs } = JSON.parse(await readFile(history, "utf8"));
  const accuracies = (epochs as readonly { readonly validationAccuracy: number }[]).map(
    (epoch) => 100 * epoch.validationAccuracy,
  );
  const fall = Math.max(...accuracies.map((accuracy, at) => Math.max(...accuracies.slice(0, at + 1)) - accuracy));
  return { accuracy: 100 * evaluation.accuracy, loss: evaluation.loss, fall };
}
