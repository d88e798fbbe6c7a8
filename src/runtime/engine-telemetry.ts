/**
 * ONNX Runtime reports its use to its makers, and keeps a device id under the user's cache folder,
 * unless the process's environment says otherwise when its first session opens. Imported for that
 * effect, before the engine, by what starts it; a user's own setting stays.
 */
import { isMainThread } from "node:worker_threads";

const variable = "ORT_DISABLE_TELEMETRY";

if (process.env[variable] === undefined) {
  process.env[variable] = "1";
  // A worker thread has a copy of the environment, of which the engine knows nothing.
  if (!isMainThread) {
    process.emitWarning("a worker thread cannot turn the telemetry of ONNX Runtime off", {
      code: "PAWPRINT_TELEMETRY",
      detail: `start the process with ${variable}=1, or set it in process.env of the main thread`,
    });
  }
}
