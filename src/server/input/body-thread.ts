/** A thread that reads bodies one after another, each until its deadline. */
import { deferred } from "../../base/deferred.ts";
import { openThread, type Thread } from "../../base/threads/thread.ts";
import { clientGone, deadlineExceeded, type Urgency } from "../../predict/batcher.ts";
import type { BodyKind, BodyTask, ReadBody } from "./body-readers.ts";

export interface BodyThread {
  /**
   * Reads a body, whose bytes are handed over. Errors: DEADLINE_EXCEEDED also while it is being
   * read, CLIENT_GONE before that, those of the reader.
   */
  read(task: BodyTask, urgency: Urgency): Promise<ReadBody<BodyKind>>;
  close(): Promise<void>;
}

/** Without a body for this long it ends, and gives its memory back. */
const idleMs = 10_000;

/**
 * More than the JSON that is let through can take (`modest-json.ts`), whatever the machine: a parser
 * that runs out of memory ends the whole process, not its thread alone.
 */
const heapMiB = 2048;

/** Starts with the first body, and anew after one that took too long. */
export function createBodyThread(now: () => number): BodyThread {
  let open: { readonly thread: Thread<BodyTask, ReadBody<BodyKind>>; readonly abort: AbortController } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let count = 0;
  let idle: NodeJS.Timeout | undefined;

  const threadForBodies = () => {
    if (open?.thread.isOpen) return open.thread;
    const abort = new AbortController();
    const entry = new URL("./read-bodies-thread.ts", import.meta.url);
    open = { thread: openThread(entry, { signal: abort.signal, heapMiB }), abort };
    return open.thread;
  };
  const end = (): void => {
    open?.abort.abort();
    open = undefined;
  };
  const begin = (): void => {
    count++;
    clearTimeout(idle);
  };
  const finish = (): void => {
    if (--count === 0) idle = setTimeout(end, idleMs).unref();
  };

  return {
    read(given, urgency) {
      const arrivedAt = now();
      const late = deferred<never>();
      let task: BodyTask | undefined = given;
      let isRunning = false;
      const timer = setTimeout(() => {
        task = undefined;
        late.reject(deadlineExceeded(now() - arrivedAt));
        // The next body is read once the thread is gone, by a new one.
        if (isRunning) end();
      }, urgency.deadline - arrivedAt);
      const work = async (): Promise<ReadBody<BodyKind>> => {
        if (task === undefined) return late.promise;
        if (urgency.isGone) throw clientGone();
        isRunning = true;
        const answer = threadForBodies().ask(task, [task.bytes.buffer]);
        task = undefined;
        return answer.finally(() => {
          isRunning = false;
        });
      };
      begin();
      const done = last.then(work).finally(finish);
      last = done.catch(() => undefined);
      return Promise.race([done, late.promise]).finally(() => clearTimeout(timer));
    },
    async close() {
      clearTimeout(idle);
      const closing = open?.thread;
      end();
      await closing?.close();
    },
  };
}
