/**
 * Training is killed again and again, without a chance to say goodbye, and must come to the weights
 * of a training that never was.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.ts";
import { createOnnxRuntimeExecutor } from "../../src/runtime/onnx-runtime.ts";
import { openFileRunStore } from "../../src/tracking/files/file-run-store.ts";
import type { RunStore } from "../../src/tracking/run-store.ts";
import { train } from "../../src/wire/library.ts";
import { writePictureFolder } from "../support/picture-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const kills = 10;
/**
 * As one file, which starts in half the time; inside the repository, where it finds its packages,
 * and as deep as the module that reads the version from package.json.
 */
const script = fileURLToPath(new URL(`../../node_modules/.pawprint-${process.pid}/train-process.mjs`, import.meta.url));

const folder = temporaryFolder("killed");
beforeAll(async () => {
  await writePictureFolder(join(folder, "pictures"));
  const entryPoints = [fileURLToPath(new URL("../support/train-process.ts", import.meta.url))];
  await build({ entryPoints, outfile: script, bundle: true, platform: "node", format: "esm", packages: "external" });
});
afterAll(() => rm(dirname(script), { recursive: true, force: true }));

const settings = {
  size: 8,
  widths: [8],
  epochs: 250,
  batchSize: 8,
  learningRate: 0.002,
  dropout: 0.1,
  mixup: 0.2,
  averageSteps: 20,
} as const;
const run = { id: "c".repeat(32), name: "killed", createdAt: "2026-01-01T00:00:00Z" } as const;

it("comes to the very same bundle, recorded as one run, through ten kills", { timeout: 180_000 }, async () => {
  const data = join(folder, "pictures");
  const executor = createOnnxRuntimeExecutor({ threads: 1 });
  const whole = await train({ data, out: join(folder, "whole.onnx"), settings, run, executor });
  await whole.pack.pixels.close();

  const out = join(folder, "killed.onnx");
  const runs = join(folder, "runs");
  const task = JSON.stringify({
    data,
    out,
    settings,
    run,
    threads: 1,
    tracking: { trackingUri: runs, metricSteps: 1 },
  });
  const random = createRandom(1);
  let killed = 0;
  for (;;) {
    const child = spawn(process.execPath, [script, task], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "exit");
    if (killed < kills) {
      // From the first step on, at any moment of some epochs.
      await Promise.race([once(child.stdout, "data"), ended]);
      await pause(random.integer(150));
      child.kill("SIGKILL");
      killed++;
    }
    const [code] = await ended;
    if (code === 0) break;
    expect(await withStore(runs, async (store) => (await store.getRun(run.id)).status)).toBe("KILLED");
  }
  expect(killed).toBe(kills);
  const [straight, resumed] = await Promise.all(
    ["whole.onnx", "killed.onnx"].map((name) => readFile(join(folder, name))),
  );
  expect(resumed!.equals(straight!)).toBe(true);
  const left = await readdir(join(folder, "killed.checkpoints"));
  expect(left.filter((name) => !name.startsWith("step-"))).toEqual([]);

  await withStore(runs, async (store) => {
    const recorded = await store.searchRuns({});
    expect(recorded.runs.map(({ id, status }) => [id, status])).toEqual([[run.id, "FINISHED"]]);
    const stepsOf = async (key: string) => (await store.metricHistory(run.id, key)).map(({ step }) => step);
    const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);
    expect(await stepsOf("val_loss")).toEqual(upTo(settings.epochs));
    const steps = await stepsOf("batch/loss");
    expect(steps).toEqual(upTo(steps.length));
    expect(steps.length % settings.epochs).toBe(0);
  });
});

async function withStore<T>(place: string, work: (store: RunStore) => Promise<T>): Promise<T> {
  const store = await openFileRunStore(place);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
