import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { changed, node } from "../../../tests/support/onnx-model.ts";
import { petModel } from "../../../tests/support/running-service.ts";
import { writeUntrainedBundle } from "../../../tests/support/untrained-bundle.ts";
import { sha256 } from "../../base/hash.ts";
import { encodeBundle, parseBundle } from "../../bundle/bundle.ts";
import { decodeModel } from "../../graph/onnx/decode.ts";
import { encodeTensor } from "../../graph/onnx/tensors.ts";
import { int64Vector } from "../../graph/tensor-type.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import { openExplainerThread } from "../../predict/explain/explainer-thread.ts";
import type { ThreadedExecutor } from "../../runtime/executor.ts";
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
      embedding: false,
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
  const first = await model.explainer();
  expect(await model.explainer()).toBe(first);
  await first.close();
  const next = await model.explainer();
  expect(await next.explain(new Uint8Array(size), 0)).toEqual(heat);
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

it("refuses a bundle without parity examples, unless it may be unverified", async () => {
  const bare = encodeBundle(decodeModel(bytes).graph, { ...parseBundle(bytes, where), parity: [] });
  await expect(open(bare)).rejects.toMatchObject({
    code: "BUNDLE_INVALID",
    message: `Expected a bundle with parity examples, by which its answers can be checked; got none (${where})`,
  });
  await (await open(bare, { allowUnverified: true })).retire();
});

/** An engine of which it is known how many of its programs are open. */
function countedEngine() {
  const engine = createWorkerExecutor({ threads: 1 });
  const state = { open: 0, opened: 0 };
  const executor: ThreadedExecutor = {
    ...engine,
    async open(model, signal) {
      const program = await engine.open(model, signal);
      state.open++;
      state.opened++;
      return {
        run: program.run,
        async close() {
          await program.close();
          state.open--;
        },
      };
    },
  };
  return { executor, state };
}

/** Answers one picture, and fails with more. */
function failingWarmUp(): Uint8Array {
  const { graph } = decodeModel(bytes);
  const whole = encodeBundle(graph, { ...parseBundle(bytes, where), parity: [] });
  return changed(whole, (model) => {
    const [last] = model.graph!.node.slice(-1);
    const output = last!.output[0]!;
    last!.output = ["any"];
    const axes = { ...encodeTensor(int64Vector([1, petModel.labels.length])), name: "one" };
    model.graph!.initializer.push(axes);
    model.graph!.node.push(node({ opType: "Reshape", input: ["any", "one"], output: [output] }));
    model.metadataProps = model.metadataProps.filter(({ key }) => key !== "pawprint.digest");
  });
}

it("leaves no engine behind where a bundle fails while it warms up", async () => {
  const { executor, state } = countedEngine();
  for (let attempt = 0; attempt < 3; attempt++) {
    const opening = open(failingWarmUp(), { executor, allowUnverified: true });
    await expect(opening).rejects.toMatchObject({ code: "EXECUTION_FAILED" });
  }
  expect(state).toEqual({ open: 0, opened: 3 });
});

it("refuses a bundle whose weights are no numbers", async () => {
  const { executor, state } = countedEngine();
  const spoiled = changed(bytes, ({ graph }) => {
    for (const tensor of graph!.initializer) {
      if (tensor.dataType === 1 && tensor.rawData.length > 64)
        tensor.rawData = new Uint8Array(tensor.rawData.length).fill(255);
    }
  });
  await expect(open(spoiled, { executor })).rejects.toMatchObject({ code: "BUNDLE_INVALID" });
  expect(state.opened).toBe(0); // the digest does not fit
  const { digest: _, ...info } = parseBundle(bytes, where);
  const exported = encodeBundle(decodeModel(spoiled).graph, { ...info, parity: [] });
  await expect(open(exported, { executor, allowUnverified: true })).rejects.toMatchObject({
    code: "BUNDLE_INVALID",
    message: expect.stringContaining("got logits that are not finite"),
  });
  expect(state).toEqual({ open: 0, opened: 1 });
});

it("gives a bundle up that takes too long, and where the service ends meanwhile", async () => {
  let signalOfEngine: AbortSignal | undefined;
  const executor: ThreadedExecutor = {
    ...createWorkerExecutor({ threads: 1 }),
    open(_, signal) {
      signalOfEngine = signal;
      return new Promise(() => {}); // native code that does not come back
    },
  };
  const late = open(bytes, { executor, loadTimeoutMs: 2000 });
  await expect(late).rejects.toMatchObject({
    code: "BUNDLE_INVALID",
    message: `Expected a bundle that is ready within 2000 ms; got one that takes longer (${where})`,
  });
  const ending = new AbortController();
  const ended = open(bytes, { executor }, ending.signal);
  setTimeout(() => ending.abort(), 50);
  await expect(ended).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(signalOfEngine === undefined || signalOfEngine.aborted).toBe(true);
});
