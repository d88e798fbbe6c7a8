/** Keeps the modification time of held lock files fresh. */
import { Worker } from "node:worker_threads";

/** How often a lock file's time is set. */
const beatMs = 2000;

let thread: Worker | undefined;
const beating = new Set<string>();

/**
 * Sets the time of the file at `path` every two seconds while it holds `text`, in a thread of its
 * own: native work may block the main one for longer than others wait. Returns a function that ends
 * it.
 */
export function beat(path: string, text: string): () => void {
  if (thread === undefined) {
    thread = new Worker(new URL("./heartbeat-worker.mjs", import.meta.url), { workerData: { beatMs } });
    // If the thread fails, other processes may take the lock over; `requireHeld` notices that.
    thread.on("error", () => undefined);
    thread.unref();
  }
  beating.add(path);
  thread.postMessage({ path, text });
  return () => {
    beating.delete(path);
    if (beating.size > 0) return thread?.postMessage({ path });
    void thread?.terminate();
    thread = undefined;
  };
}
