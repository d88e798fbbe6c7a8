/**
 * Work in a thread of its own, so that the event loop goes on: questions are sent there, each with
 * its answer; a thread that takes too long is ended from outside.
 */
import { type Transferable, Worker, type WorkerOptions } from "node:worker_threads";
import { type Deferred, deferred } from "../deferred.ts";
import { AppError, isErrorCode } from "../errors.ts";
import type { PlainError, ThreadAnswer } from "./answer-thread.ts";
import { limitingLine } from "./module-files.ts";

export interface Thread<Question, Answer> {
  /**
   * Sends a question; `transfer` names memory that goes with it and is no longer usable here.
   * Questions may overlap. Errors: the AppErrors of the thread; an Error for any other failure, and
   * for a thread that has ended.
   */
  ask(question: Question, transfer?: readonly Transferable[]): Promise<Answer>;
  readonly isOpen: boolean;
  /** Lets the thread finish and end by itself; resolves when it has. Later questions fail. */
  close(): Promise<void>;
}

export interface ThreadOptions {
  readonly data?: unknown;
  readonly transfer?: readonly Transferable[];
  /** Ends the thread where it stands, once aborted; its questions fail. */
  readonly signal?: AbortSignal | undefined;
  /** Memory for JavaScript's own objects; buffers do not count. */
  readonly heapMiB?: number;
  /** Of it for what is young: more of it means fewer collections where much is made and soon dropped. */
  readonly youngHeapMiB?: number;
}

/**
 * Starts the module at `entry`, which calls `answerThread` (or speaks its messages). `entry` is
 * named as in the sources: `new URL("./x-thread.ts", import.meta.url)`.
 */
export function openThread<Question, Answer>(entry: URL, options: ThreadOptions = {}): Thread<Question, Answer> {
  const { data, transfer = [], signal, heapMiB, youngHeapMiB } = options;
  const waiting = new Map<number, Deferred<Answer>>();
  const ended = deferred<void>();
  let nextId = 0;
  let isOpen = true;
  let cause: unknown;
  const worker = new Worker(moduleOf(entry), {
    workerData: data,
    transferList: [...transfer],
    // A program given as text (`node --input-type=module -e ...`) hands that flag on, which no file may have.
    ...(process.execArgv.some((flag) => flag.startsWith("--input-type")) && { execArgv: [] }),
    resourceLimits: {
      ...(heapMiB !== undefined && { maxOldGenerationSizeMb: heapMiB }),
      ...(youngHeapMiB !== undefined && { maxYoungGenerationSizeMb: youngHeapMiB }),
    },
  } satisfies WorkerOptions);
  const kill = (): void => void worker.terminate();
  worker.on("message", ({ id, answer, error }: ThreadAnswer<Answer>) => {
    const question = waiting.get(id);
    waiting.delete(id);
    if (error === undefined)
      question?.resolve(answer as Answer); // one of the two is there
    else question?.reject(errorOf(error));
  });
  worker.on("error", (error) => {
    cause = error;
  });
  worker.on("exit", (code) => {
    isOpen = false;
    signal?.removeEventListener("abort", kill);
    const error = new Error(cause instanceof Error ? cause.message : `the thread ended with code ${code}`, { cause });
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    ended.resolve();
  });
  if (signal?.aborted) kill();
  else signal?.addEventListener("abort", kill, { once: true });
  return {
    ask(question, withIt = []) {
      if (!isOpen) return Promise.reject(new Error("the thread has ended"));
      const id = nextId++;
      const answer = deferred<Answer>();
      waiting.set(id, answer);
      try {
        worker.postMessage({ id, question }, [...withIt]);
      } catch (error) {
        waiting.delete(id);
        answer.reject(error);
      }
      return answer.promise;
    },
    get isOpen() {
      return isOpen;
    },
    async close() {
      if (isOpen) worker.postMessage("close");
      isOpen = false;
      await ended.promise;
    },
  };
}

/**
 * In the build a module beside the compiled one. From the sources (tests, benchmarks) Node needs a
 * loader for TypeScript, which a thread does not get from the test runner. A thread has no hooks of
 * the one that starts it.
 */
function moduleOf(entry: URL): URL {
  const isCompiled = import.meta.url.endsWith(".js");
  const file = isCompiled ? entry.href.replace(/\.ts$/, ".js") : entry.href;
  const needsLoader = file.endsWith(".ts");
  const limiting = limitingLine();
  if (!needsLoader && limiting === "") return new URL(file);
  const loader = JSON.stringify(needsLoader ? import.meta.resolve("tsx/esm/api") : "");
  const loading = needsLoader ? `import { register } from ${loader}; register();` : "";
  const script = `${limiting}${loading} await import(${JSON.stringify(file)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(script)}`);
}

function errorOf({ code, detail, message }: PlainError): Error {
  return code !== undefined && detail !== undefined && isErrorCode(code)
    ? new AppError(code, detail)
    : new Error(message);
}
