import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { petModel } from "../../../tests/support/running-service.ts";
import { writeUntrainedBundle } from "../../../tests/support/untrained-bundle.ts";
import { sha256 } from "../../base/hash.ts";
import { encodeBundle, parseBundle } from "../../bundle/bundle.ts";
import { decodeModel } from "../../graph/onnx/decode.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import { openExplainerThread } from "../../predict/explain/explainer-thread.ts";
import { createWorkerExecutor } from "../../runtime/worker-executor.ts";
import { openServedModel, type ServedModelOptions } from "./served-model.ts";

const where = "pets.onnx";
let bytes = Buffer.from(new ArrayBuffer(0));
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "pawprint-served-"));
  await writeUntrainedBundle(petModel, join(folder, where));
  bytes = await readFile(join(folder, where));
  await rm(folder, { recursive: true, force: true });
});

const patient = { deadline: Number.POSITIVE_INFINITY, isGone: false };
const batches: number[] = [];

/** Opens a copy: what is opened goes to a thread. */
const open = (data: Uint8Array = bytes, options: Partial<ServedModelOptions> = {}, signal?: AbortSignal) =>
  openServedModel(
    { bytes: Uint8Array.from(data), where },
    {
      name: "pets",
      executor: createWorkerExecutor({ threads: 1 }),
      openExplainer: (bundle) => openExplainerThread(new URL("../../wire/explain-thread.ts", import.meta.url), bundle),
      maximumBatch: 4,
      loadTimeoutMs: 30_000,
      allowUnverified: false,
      now: () => 0,
      clock: () => 77,
      onBatch: (pictures) => batches.push(pictures),
      ...options,
    },
    signal,
  );
const size = recipeSizeBytes(petModel.recipe);
afterAll(() => {
  batches.length = 0;
});

it("is named by its bytes, answers, and explains", async () => {
  const model = await open();
  expect(model.sha256).toBe(sha256(bytes));
  expect(model.version).toBe(model.sha256.slice(0, 12));
  const { probabilities } = await model.infer(new Uint8Array(3 * size), 3, patient);
  expect(probabilities).toHaveLength(3 * petModel.labels.length);
  expect(batches).toEqual([3]);
  const heat = await (await model.explainer()).explain(new Uint8Array(size), 0);
  expect(heat.method.length).toBeGreaterThan(0);
  expect(await model.explainer()).toBe(await model.explainer());
  await model.retire();
});

it("waits for whoever still uses it before it gives its memory back", async () => {
  const model = await open();
  const leave = [model.lease(), model.lease()];
  let isRetired = false;
  const retired = model.retire().then(() => {
    isRetired = true;
  });
  leave[0]!();
  leave[0]!(); // counts once
  await new Promise((resolve) => setImmediate(resolve));
  expect(isRetired).toBe(false);
  const { probabilities } = await model.infer(new Uint8Array(size), 1, patient);
  expect(probabilities).toHaveLength(2);
  leave[1]!();
  await retired;
  await expect(model.infer(new Uint8Array(size), 1, patient)).rejects.toMatchObject({ code: "EXECUTION_FAILED" });
});

it("refuses a bundle whose stored answers are not its own", async () => {
  const forged = encodeBundle(decodeModel(bytes).graph, {
    ...parseBundle(bytes, where),
    parity: [{ seed: 1, probabilities: [0.1, 0.9] }],
  });
  await expect(open(forged)).rejects.toMatchObject({ code: "BUNDLE_PARITY" });
});
