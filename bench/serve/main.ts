/**
 * npm run bench:serve [-- --json] [-- --rounds N] [-- --seconds S] [-- --connections 1,10,64,256]
 *                     [-- --case N] [-- --peer FILE.py] [-- --baseline FOLDER]
 *                     [-- --start] [-- --memory [--minutes M]] [-- --overload]
 *                     [-- --attacks [--only NAME,...]]
 *
 * Requests a second and latencies of the service against two peers in Python: FastAPI + PyTorch as it
 * is usually written, and FastAPI + ONNX Runtime as a careful user sets it up; at 64 callers also
 * against the limit of the machine, decoding and inference without a service. With --baseline, against
 * another built checkout of Pawprint instead. All run on the same cores: contenders take turns within
 * one run, the load comes from a third process, ratios are those of the medians.
 *
 * With --start, --memory and --overload other questions are asked instead: how soon it is ready,
 * whether memory grows, what happens at twice the capacity. With --attacks: what is left for others
 * while somebody attacks (attacks/table.ts); --baseline adds another checkout there.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type BenchmarkResult, printBenchmark } from "../report.ts";
import { attackTable } from "./attacks/attack-report.ts";
import { compareAttacks } from "./attacks/compare-attacks.ts";
import { type Bench, startCallers } from "./callers.ts";
import { compare } from "./compare.ts";
import { measureMemory, measureOverload, measureStart } from "./operation.ts";
import { repository } from "./services.ts";
import { digitLoad, fileLoad, phonePhotoLoad } from "./subjects.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    connections: { type: "string", default: "1,10,64,256" },
    case: { type: "string" },
    peer: { type: "string" },
    baseline: { type: "string" },
    start: { type: "boolean", default: false },
    memory: { type: "boolean", default: false },
    minutes: { type: "string", default: "10" },
    overload: { type: "boolean", default: false },
    attacks: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const log = (text: string) => process.stderr.write(`${text}\n`);
const seconds = Number(options.seconds);
const scratch = await mkdtemp(join(tmpdir(), "pawprint-serve-"));
try {
  if (options.attacks) await reportAttacks();
  else await reportSpeed();
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function reportAttacks(): Promise<void> {
  const { only, baseline } = options;
  const contenders = [{ name: "pawprint", folder: repository }];
  if (baseline) contenders.push({ name: "baseline", folder: resolve(baseline) });
  const results = await compareAttacks({ only, seconds, contenders, scratch, log });
  process.stdout.write(attackTable(results));
  if (options.json) process.stdout.write(`${JSON.stringify({ name: "serve-attacks", results })}\n`);
}

async function reportSpeed(): Promise<void> {
  const callers = startCallers();
  try {
    const results = await measureSpeed({ callers, scratch, rounds: Number(options.rounds), seconds, log });
    printBenchmark({ name: "serve", results }, options.json);
  } finally {
    await callers.close();
  }
}

async function measureSpeed(bench: Bench): Promise<readonly BenchmarkResult[]> {
  const makers = [
    digitLoad,
    () => fileLoad("cats-dogs-128px.zip", "JPEG, 128 px"),
    () => fileLoad("cats-dogs-fullres.zip", "JPEG, photograph"),
    phonePhotoLoad,
  ];
  const make = (number: number) => makers[number - 1]!();
  const wanted = options.case === undefined ? undefined : Number(options.case);
  if (options.start) return measureStart(bench, await make(wanted ?? 2));
  if (options.memory) return [await measureMemory(bench, await make(wanted ?? 3), Number(options.minutes))];
  if (options.overload) return measureOverload(bench, await make(wanted ?? 1));
  const loads = await Promise.all(wanted === undefined ? makers.map((maker) => maker()) : [make(wanted)]);
  const connections = options.connections.split(",").map(Number);
  return compare(bench, { loads, connections, baseline: options.baseline, peer: options.peer });
}
