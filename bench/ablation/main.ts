/**
 * npm run bench:ablation [-- --json] [-- --data SOURCE] [-- --time 3m] [-- --seeds 1] [-- --parts mixup,cutmix] [-- --flags "--size 64"]
 *
 * Whether each part of the training recipe earns its place: the defaults, and the defaults with one part changed, all for the same time on the same
 * machine, by the same command that users have. The peer of a part is the same training without it; the ratio is that of the errors on the test split.
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

interface Part {
  readonly name: string;
  /** What turns it on where it is off by default, or off where it is on. */
  readonly change: readonly string[];
  readonly isDefault: boolean;
}

const parts: readonly Part[] = [
  { name: "averaged weights", change: ["--average-steps", "0"], isDefault: true },
  { name: "label smoothing", change: ["--label-smoothing", "0"], isDefault: true },
  { name: "mixup", change: ["--mixup", "0.2"], isDefault: false },
  { name: "cutmix", change: ["--cutmix", "1"], isDefault: false },
  { name: "progressive resizing", change: ["--progressive"], isDefault: false },
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
    const accuracyOf = async (name: string, change: readonly string[]): Promise<number> => {
      let sum = 0;
      for (let seed = 0; seed < Number(options.seeds); seed++) {
        const accuracy = await train(scratch, ["--seed", `${seed}`, ...change]);
        log(`${name}, seed ${seed}: ${(100 * accuracy).toFixed(2)} %`);
        sum += accuracy;
      }
      return (100 * sum) / Number(options.seeds);
    };
    const defaults = await accuracyOf("defaults", []);
    const rows: BenchmarkResult[] = [];
    const asked = options.parts?.split(",") ?? parts.map(({ name }) => name);
    for (const { name, change, isDefault } of parts.filter((part) => asked.includes(part.name))) {
      const changed = await accuracyOf(change.join(" "), change);
      const [value, peerValue] = isDefault ? [defaults, changed] : [changed, defaults];
      const ratio = (100 - peerValue) / (100 - value);
      const peer = isDefault ? "without, otherwise the defaults" : "the defaults, without";
      rows.push({ case: name, value, unit: "% of the test split", peer, peerValue, ratio, target: 1 });
    }
    return rows;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** @returns the accuracy on the test split. */
async function train(folder: string, change: readonly string[]): Promise<number> {
  const history = join(folder, "history.json");
  const fixed = ["--data", data, "--time", options.time, "--out", join(folder, "m.onnx"), "--history", history];
  const flags = options.flags.split(" ").filter((flag) => flag !== "");
  const line = [command, "train", ...fixed, "--force", "--quiet", ...flags, ...change];
  const child = spawn(process.execPath, line, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`pawprint train ended with ${code}`);
  const { evaluation } = JSON.parse(await readFile(history, "utf8"));
  return evaluation.accuracy;
}
