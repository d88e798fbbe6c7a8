/** A thread for bodies: started for the first one, and again after one that took too long. */
import { Worker } from "node:worker_threads";
import { clientGone, deadlineExceeded, type Urgency } from "../../predict/batcher.ts";
import { type BodyReply, type BodyTask, requestFrom } from "./body-messages.ts";
import type { BodyKind, ReadBody } from "./body-readers.ts";

export interface BodyThread {
  /**
   * Reads one body after another, whose bytes are handed over. Errors: DEADLINE_EXCEEDED also while
   * it is being read, CLIENT_GONE before that, those of the reader.
   */
  read(task: BodyTask, urgency: Urgency): Promise<ReadBody<BodyKind>>;
  close(): Promise<void>;
}

interface Job {
  readonly task: BodyTask;
  readonly urgency: Urgency;
  readonly settle: (outcome: () => ReadBody<BodyKind>) => void;
}

/** From TypeScript sources, as tests run them, a thread needs a loader first. */
function startWorker(): Worker {
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL("./body-worker.js", import.meta.url));
  const source = JSON.stringify(new URL("./body-worker.ts", import.meta.url).href);
  return new Worker(`import("tsx/esm/api").then((loader) => (loader.register(), import(${source})))`, { eval: true });
}

/** Without a body for this long it ends, and gives its memory back. */
const idleMs = 10_000;

export function createBodyThread(now: () => number): BodyThread {
  const waiting: Job[] = [];
  let running: Job | undefined;
  let worker: Worker | undefined;
  let ending: Promise<unknown> = Promise.resolve();
  let idle: NodeJS.Timeout | undefined;
  let isStarting = false;

  const end = (): void => {
    clearTimeout(idle);
    const old = worker;
    worker = undefined;
    // Two at once would need the memory of both.
    if (old !== undefined) ending = old.terminate();
  };
  const finish = (outcome: () => ReadBody<BodyKind>): void => {
    const done = running;
    running = undefined;
    done?.settle(outcome);
    void next();
  };
  const start = (): Worker => {
    const started = startWorker();
    const fail = (error: unknown): void => {
      if (worker !== started) return;
      end();
      finish(() => {
        throw error;
      });
    };
    started.on("message", (reply: BodyReply) => {
      if (worker === started) finish(() => requestFrom(reply));
    });
    started.on("error", fail);
    started.on("exit", (code) => fail(new Error(`the thread that reads bodies ended with code ${code}`)));
    return started;
  };
  const next = async (): Promise<void> => {
    if (running !== undefined || isStarting) return;
    clearTimeout(idle);
    if (waiting.length === 0) {
      idle = setTimeout(end, idleMs).unref();
      return;
    }
    isStarting = true;
    await ending;
    isStarting = false;
    const job = waiting.shift();
    if (job === undefined) return;
    running = job;
    if (job.urgency.isGone) {
      finish(() => {
        throw clientGone();
      });
      return;
    }
    worker ??= start();
    worker.postMessage(job.task, [job.task.bytes.buffer]);
  };
  const drop = (job: Job, error: unknown): void => {
    job.settle(() => {
      throw error;
    });
    const at = waiting.indexOf(job);
    if (at >= 0) waiting.splice(at, 1);
    if (running !== job) return;
    running = undefined;
    end();
    void next();
  };

  return {
    read(task, urgency) {
      const arrivedAt = now();
      return new Promise((resolve, reject) => {
        const settle: Job["settle"] = (outcome) => {
          clearTimeout(timer);
          try {
            resolve(outcome());
          } catch (error) {
            reject(error);
          }
        };
        const job: Job = { task, urgency, settle };
        const timer = setTimeout(() => drop(job, deadlineExceeded(now() - arrivedAt)), urgency.deadline - arrivedAt);
        waiting.push(job);
        void next();
      });
    },
    async close() {
      end();
      await ending;
    },
  };
}
