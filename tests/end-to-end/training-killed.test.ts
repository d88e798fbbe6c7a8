/**
 * Training is killed again and again, without a chance to say goodbye, and must come to the weights
 * of a training that never was.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.ts";
import { createOnnxRuntimeExecutor } from "../../src/runtime/onnx-runtime.ts";
import { train } from "../../src/wire/library.ts";
import { writePictureFolder } from "../support/picture-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const kills = 10;
/**
 * As one file, which starts in half the time; inside the repository, where it finds its packages.
 */
const script = fileURLToPath(
  new URL(`../../node_modules/.cache/pawprint/train-process-${process.pid}.mjs`, import.meta.url),
);

const folder = temporaryFolder("killed");
beforeAll(async () => {
  await writePictureFolder(join(folder, "pictures"));
  const entryPoints = [fileURLToPath(new URL("../support/train-process.ts", import.meta.url))];
  await build({ entryPoints, outfile: script, bundle: true, platform: "node", format: "esm", packages: "external" });
});
afterAll(() => rm(script));

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
const run = { id: "run", name: "killed", createdAt: "2026-01-01T00:00:00Z" } as const;

it("comes to the very same bundle through ten kills", { timeout: 180_000 }, async () => {
  const data = join(folder, "pictures");
  const executor = createOnnxRuntimeExecutor({ threads: 1 });
  const whole = await train({ data, out: join(folder, "whole.onnx"), settings, run, executor });
  await whole.pack.pixels.close();

  const out = join(folder, "killed.onnx");
  const task = JSON.stringify({ data, out, settings, run, threads: 1 });
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
  }
  expect(killed).toBe(kills);
  const [straight, resumed] = await Promise.all(
    ["whole.onnx", "killed.onnx"].map((name) => readFile(join(folder, name))),
  );
  expect(resumed!.equals(straight!)).toBe(true);
  const left = await readdir(join(folder, "killed.checkpoints"));
  expect(left.filter((name) => !name.startsWith("step-"))).toEqual([]);
});
