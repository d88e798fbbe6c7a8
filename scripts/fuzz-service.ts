/**
 * npm run fuzz:service [-- --count 20000] [-- --seed 1] [-- --lanes 32]
 *
 * Starts the service as it was built, sends it the largest bodies one by one and then malformed
 * requests, and watches its memory and its event loop. Ends with 1 where it answered with a 5xx that
 * is not meant, did not answer at all, did not answer the next good request, grew beyond the limit,
 * or where one body held the event loop for too long. Each fault is told with the body, or
 * the seed that brings it back.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { startPawprint } from "../bench/serve/services.ts";
import { drawSamplePicture } from "../src/image/sample-pictures.ts";
import { watchLoop } from "../tests/support/malformed/loop-holds.ts";
import { sendHeavyBodies } from "../tests/support/malformed/send-heavy-bodies.ts";
import { storm } from "../tests/support/malformed/storm.ts";
import { petModel } from "../tests/support/running-service.ts";
import { writeUntrainedBundle } from "../tests/support/untrained-bundle.ts";

const { values: options } = parseArgs({
  options: {
    count: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    lanes: { type: "string", default: "32" },
  },
});
const bodyBytes = 2 ** 20;
/** The default of the service. */
const largestBodyBytes = 2 ** 24;
const memoryLimitMiB = 1000;
const count = Number(options.count);

const folder = await mkdtemp(join(tmpdir(), "pawprint-fuzz-"));
const bundle = join(folder, "pets.onnx");
await writeUntrainedBundle(petModel, bundle);
const jpeg = Buffer.from(await drawSamplePicture({ label: "cat", seed: 1, sizePx: 96 }));
const others = await Promise.all(
  (["png", "webp", "gif", "tiff"] as const).map((format) => sharp(jpeg)[format]().toBuffer()),
);
const holds = watchLoop(join(folder, "loop-holds"));
// Services inherit it.
Object.assign(process.env, holds.environment);
const logFile = join(folder, "service.log");
const faults: string[] = [];
let peakBytes = 0;

/** Runs `work` against a service of its own, and keeps the most memory that it took. */
async function withService<T>(flags: readonly string[], work: (port: number) => Promise<T>): Promise<T> {
  const service = await startPawprint(bundle, logFile, { options: flags });
  const watch = setInterval(async () => {
    peakBytes = Math.max(peakBytes, await service.residentBytes().catch(() => 0));
  }, 200);
  try {
    return await work(service.port);
  } finally {
    clearInterval(watch);
    await service.stop();
  }
}

const heavy = await withService([], (port) =>
  sendHeavyBodies(port, holds, { modelName: "pets", sizeBytes: largestBodyBytes }),
);
faults.push(...heavy.faults);
process.stderr.write(`${heavy.count} bodies of 16 MiB held the event loop for at most ${heavy.longestHold} ms\n`);

const start = performance.now();
const flags = ["--body-bytes", String(bodyBytes), "--body-timeout-ms", "1000"];
const stormed = await withService(flags, (port) =>
  storm({
    port,
    count,
    seed: Number(options.seed),
    lanes: Number(options.lanes),
    recipe: petModel.recipe,
    modelName: "pets",
    pictures: [jpeg, ...others],
    bodyBytes,
    onProgress(done) {
      if (done % 1000 === 0)
        process.stderr.write(`${done} of ${count}, ${((performance.now() - start) / 1000).toFixed(0)} s\n`);
    },
  }),
);
faults.push(...stormed.faults);
const { statuses } = stormed;
await rm(folder, { recursive: true, force: true });
const peakMiB = peakBytes / 2 ** 20;
if (peakMiB > memoryLimitMiB)
  faults.push(`resident memory reached ${peakMiB.toFixed(0)} MiB; the limit is ${memoryLimitMiB} MiB`);
for (const fault of faults) process.stdout.write(`${fault}\n`);
const answers = Object.entries(statuses).map(([status, times]) => `${status === "0" ? "closed" : status}: ${times}`);
process.stdout.write(
  `${heavy.count} large bodies, ${count} requests: ${answers.join(", ")}; event loop held for at most ` +
    `${heavy.longestHold} ms, memory at most ${peakMiB.toFixed(0)} MiB; ${faults.length} faults\n`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
