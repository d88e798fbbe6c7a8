// @ts-check
/** The thread of a worker executor: holds one ONNX Runtime session and answers each message with the outputs. Plain JavaScript, so that
 * Node can start it from sources and from the build alike, without a loader; the messages are those of `base/threads/thread.ts`. */
import { parentPort } from "node:worker_threads";
import { InferenceSession, Tensor } from "onnxruntime-node";

/**
 * @typedef {{ type: import("onnxruntime-node").Tensor.Type, data: Uint8Array, dims: readonly
 * number[] }} Plain
 */
/** @typedef {{ bytes: Uint8Array, options: import("onnxruntime-node").InferenceSession.SessionOptions }} Opening */
/** @typedef {{ feeds: Record<string, Plain>, fetches: readonly string[] }} Run */
/** @typedef {{ id: number, question: Opening | Run }} Task */

const port = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);

/** @type {InferenceSession | undefined} */
let session;

port.on("message", async (/** @type {Task | "close"} */ task) => {
  if (task === "close") {
    await session?.release();
    port.close();
    return;
  }
  const { id, question } = task;
  try {
    port.postMessage({ id, answer: await ("bytes" in question ? open(question) : run(question)) });
  } catch (error) {
    port.postMessage({ id, error: { message: error instanceof Error ? error.message : String(error) } });
  }
});

/** @param {Opening} opening */
async function open({ bytes, options }) {
  session = await InferenceSession.create(bytes, options);
}

/** @param {Run} run */
async function run({ feeds, fetches }) {
  if (session === undefined) throw new Error("the session did not start");
  const tensors = Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new Tensor(type, data, dims)]);
  const results = await session.run(Object.fromEntries(tensors), fetches);
  const outputs = fetches.map((name) => {
    const { type, data, dims } = /** @type {import("onnxruntime-node").Tensor} */ (results[name]);
    return [name, { type, data, dims }];
  });
  return Object.fromEntries(outputs);
}
