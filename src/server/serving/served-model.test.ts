import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { petModel } from "../../../tests/support/running-service.ts";
import { writeUntrainedBundle } from "../../../tests/support/untrained-bundle.ts";
import { sha256 } from "../../base/hash.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import { createWorkerExecutor } from "../../runtime/worker-executor.ts";
import { openServedModel } from "./served-model.ts";

const where = "pets.onnx";
let bytes = new Uint8Array();
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "pawprint-served-"));
  await writeUntrainedBundle(petModel, join(folder, where));
  bytes = await readFile(join(folder, where));
  await rm(folder, { recursive: true, force: true });
});

const patient = { deadline: Number.POSITIVE_INFINITY, isGone: false };
const batches: number[] = [];

const open = (data: Uint8Array = bytes) => {
  const executor = createWorkerExecutor({ threads: 1 });
  const onBatch = (pictures: number) => batches.push(pictures);
  const openExplainEngine = async () => createOnnxRuntimeExecutor({ threads: 1 });
  return openServedModel(
    { bytes: data, where },
    { name: "pets", executor, openExplainEngine, maximumBatch: 4, now: () => 0, clock: () => 77, onBatch },
  );
};
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
  const text = Buffer.from(bytes).toString("latin1");
  const at = text.indexOf('"probabilities":[0.') + '"probabilities":[0.'.length;
  expect(at).toBeGreaterThan(20);
  const forged = Buffer.from(bytes);
  forged[at] = forged[at] === 0x39 ? 0x31 : 0x39;
  await expect(open(forged)).rejects.toMatchObject({ code: "BUNDLE_PARITY" });
});
