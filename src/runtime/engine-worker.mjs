// @ts-check
/** The thread of a worker executor: holds one ONNX Runtime session and answers each message with the outputs. Plain JavaScript, so that
 * Node can start it from sources and from the build alike, without a loader. */
import { parentPort, workerData } from "node:worker_threads";
import { InferenceSession, Tensor } from "onnxruntime-node";

/**
 * @typedef {{ type: import("onnxruntime-node").Tensor.Type, data: Uint8Array, dims: readonly
 * number[] }} Plain
 */
/** @typedef {{ id: number, feeds: Record<string, Plain>, fetches: readonly string[] }} Task */

const port = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);
const textOf = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error));

/** @type {InferenceSession | undefined} */
let session;
try {
  session = await InferenceSession.create(workerData.bytes, workerData.options);
  port.postMessage({ ready: true });
} catch (error) {
  port.postMessage({ ready: false, error: textOf(error) });
}

port.on("message", async (/** @type {Task | "close"} */ task) => {
  if (task === "close") {
    await session?.release();
    port.close();
    return;
  }
  const { id, feeds, fetches } = task;
  try {
    if (session === undefined) throw new Error("the session did not start");
    const tensors = Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new Tensor(type, data, dims)]);
    const results = await session.run(Object.fromEntries(tensors), fetches);
    const outputs = fetches.map((name) => {
      const { type, data, dims } = /** @type {import("onnxruntime-node").Tensor} */ (results[name]);
      return [name, { type, data, dims }];
    });
    port.postMessage({ id, outputs: Object.fromEntries(outputs) });
  } catch (error) {
    port.postMessage({ id, error: textOf(error) });
  }
});
