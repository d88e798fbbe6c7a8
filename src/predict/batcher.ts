/**
 * Joins waiting requests into batches. A free engine gets what is there at once; while it is busy,
 * the next batch fills up.
 */
import { AppError } from "../base/errors.ts";
import type { BundleAnswers, LoadedBundle } from "../bundle/load-bundle.ts";
import type { Runs } from "../runtime/executor.ts";

/** Until when a request's answer is wanted. */
export interface Urgency {
  /** When its answer is too late, in milliseconds of the batcher's clock. */
  readonly deadline: number;
  /** True once the caller is gone. */
  readonly isGone: boolean;
}

export interface BatchedAnswers extends BundleAnswers {
  /** Milliseconds from submission until the engine was given the batch. */
  readonly queueMs: number;
  /** Milliseconds until the engine had answered the whole batch. */
  readonly inferenceMs: number;
  /** Pictures in that batch. */
  readonly batchSize: number;
}

export interface BatcherOptions<R extends Runs = Runs> {
  readonly engine: Pick<LoadedBundle<R>, "runs" | "answer">;
  /** Pictures that go through the engine together; a single request with more goes alone. */
  readonly maximumBatch: number;
  /**
   * Batches at the engine at once: a second one fills the pause between two. A serial engine takes
   * one.
   */
  readonly batchesAhead: [R] extends ["concurrent"] ? number : 1;
  readonly now: () => number;
  /** Called for each batch that was answered, with the milliseconds that it took. */
  readonly onBatch?: (pictures: number, inferenceMs: number) => void;
}

export interface Batcher {
  /**
   * Answers for the pictures of one request, uint8 `[n,H,W,C]`. Its pictures stay together.
   * Errors: DEADLINE_EXCEEDED and CLIENT_GONE, both before any work was spent on it; what the
   * engine throws.
   */
  submit(pixels: Uint8Array, count: number, urgency: Urgency): Promise<BatchedAnswers>;
  /** Requests that wait for the engine. */
  readonly waiting: number;
  /** Resolves when nothing waits or runs. */
  idle(): Promise<void>;
}

interface Job {
  readonly pixels: Uint8Array;
  readonly count: number;
  readonly urgency: Urgency;
  readonly submittedAt: number;
  resolve(answers: BatchedAnswers): void;
  reject(error: unknown): void;
}

/** How often the queue is searched for expired requests while the engine is busy. */
const sweepMs = 50;

export function createBatcher<R extends Runs>({
  engine,
  maximumBatch,
  batchesAhead,
  now,
  onBatch,
}: BatcherOptions<R>): Batcher {
  let queue: Job[] = [];
  let running = 0;
  let sweeper: NodeJS.Timeout | undefined;
  const onIdle: (() => void)[] = [];

  const dispatch = (): void => {
    while (running < batchesAhead && queue.length > 0) {
      const jobs = takeBatch();
      if (jobs.length > 0) void run(jobs);
    }
    if (queue.length > 0) sweeper ??= setInterval(sweep, sweepMs).unref();
    else {
      clearInterval(sweeper);
      sweeper = undefined;
      if (running === 0) for (const resolve of onIdle.splice(0)) resolve();
    }
  };

  const takeBatch = (): readonly Job[] => {
    const jobs: Job[] = [];
    let pictures = 0;
    let taken = 0;
    for (const job of queue) {
      const isDropped = drop(job);
      if (!isDropped && jobs.length > 0 && pictures + job.count > maximumBatch) break;
      taken++;
      if (isDropped) continue;
      jobs.push(job);
      pictures += job.count;
    }
    queue = queue.slice(taken);
    return jobs;
  };

  const sweep = (): void => {
    queue = queue.filter((job) => !drop(job));
    dispatch();
  };

  /** Refuses a request that is gone or late; true where it did. */
  const drop = ({ urgency, submittedAt, reject }: Job): boolean => {
    if (urgency.isGone) reject(clientGone());
    else if (urgency.deadline <= now()) reject(deadlineExceeded(now() - submittedAt));
    else return false;
    return true;
  };

  const run = async (jobs: readonly Job[]): Promise<void> => {
    running++;
    const startedAt = now();
    const pictures = jobs.reduce((sum, { count }) => sum + count, 0);
    try {
      const { logits, probabilities, embedding } = await engine.answer(joinPixels(jobs));
      const inferenceMs = now() - startedAt;
      onBatch?.(pictures, inferenceMs);
      const classes = probabilities.length / pictures;
      const size = (embedding?.length ?? 0) / pictures;
      let at = 0;
      for (const { count, submittedAt, resolve } of jobs) {
        const [first, last] = [at, at + count];
        at = last;
        const [start, end] = [first * classes, last * classes];
        resolve({
          logits: logits.subarray(start, end),
          probabilities: probabilities.subarray(start, end),
          ...(embedding && { embedding: embedding.subarray(first * size, last * size) }),
          queueMs: startedAt - submittedAt,
          inferenceMs,
          batchSize: pictures,
        });
      }
    } catch (error) {
      for (const { reject } of jobs) reject(error);
    } finally {
      running--;
      dispatch();
    }
  };

  return {
    submit(pixels, count, urgency) {
      return new Promise((resolve, reject) => {
        queue.push({ pixels, count, urgency, submittedAt: now(), resolve, reject });
        dispatch();
      });
    },
    get waiting() {
      return queue.length;
    },
    idle() {
      if (queue.length === 0 && running === 0) return Promise.resolve();
      return new Promise((resolve) => onIdle.push(resolve));
    },
  };
}

/** The parts in one piece of memory; one part alone is not copied. */
export function joinPixels(parts: readonly { readonly pixels: Uint8Array }[]): Uint8Array {
  const [first, ...others] = parts;
  if (first !== undefined && others.length === 0) return first.pixels;
  const all = new Uint8Array(parts.reduce((sum, { pixels }) => sum + pixels.length, 0));
  let at = 0;
  for (const { pixels } of parts) {
    all.set(pixels, at);
    at += pixels.length;
  }
  return all;
}

export function clientGone(): AppError {
  return new AppError("CLIENT_GONE", {
    required: "a client that waits for its answer",
    received: "a closed connection",
  });
}

export function deadlineExceeded(waitedMs: number): AppError {
  return new AppError("DEADLINE_EXCEEDED", {
    required: "an answer before the request's deadline",
    received: `${Math.round(waitedMs)} ms of waiting`,
    hint: "send it again, or allow more time in the header x-deadline-ms",
  });
}
