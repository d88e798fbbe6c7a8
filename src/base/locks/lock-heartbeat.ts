/** Shows by the times of lock files that they are held. */
import { Worker } from "node:worker_threads";

/** How often a time is set anew. */
const beatMs = 2000;

// A thread of its own, since native work may block the main one for longer than others wait. It
// stops at a lock that is another's by now.
const source = `
const { readFileSync, utimesSync } = require("node:fs");
const { parentPort, workerData } = require("node:worker_threads");
const held = new Map();
parentPort.on("message", ({ path, text }) => (text === undefined ? held.delete(path) : held.set(path, text)));
setInterval(() => {
  for (const [path, text] of held) {
    try {
      const now = new Date();
      if (readFileSync(path, "utf8") === text) utimesSync(path, now, now);
    } catch {}
  }
}, workerData);
`;

let thread: Worker | undefined;
const beating = new Set<string>();

/**
 * Sets the time of the file at `path` every two seconds while it holds `text`. Returns what ends
 * that.
 */
export function beat(path: string, text: string): () => void {
  if (thread === undefined) {
    thread = new Worker(source, { eval: true, workerData: beatMs });
    // Without it others may take the lock over, which its holder then finds out.
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
