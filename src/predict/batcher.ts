/**
 * Joins requests that wait into batches: a free engine is never kept waiting for a fuller batch, a
 * busy one finds the next batch filled.
 */
import { AppError } from "../base/errors.ts";
import type { BundleAnswers } from "../bundle/load-bundle.ts";

/** What a request says of itself while it waits. */
export interface Urgency {
  /** When its answer is of no more use, by the batcher's clock, in milliseconds. */
  readonly deadline: number;
  /** True once nobody waits for the answer any more. */
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

export interface BatcherOptions {
  /** Answers uint8 `[N,H,W,C]`. Calls may overlap: the engine takes them in order. */
  readonly answer: (pixels: Uint8Array) => Promise<BundleAnswers>;
  /** Pictures that go through the engine together; a single request with more goes alone. */
  readonly maximumBatch: number;
  /**
   * Batches given to the engine before it has answered the first: the second fills the pause
   * between two.
   */
  readonly batchesAhead: number;
  readonly now: () => number;
  readonly onBatch?: (pictures: number) => void;
}

export interface Batcher {
  /**
   * Answers for the pictures of one request, uint8 `[n,H,W,C]`. Its pictures stay together.
   * Errors: DEADLINE_EXCEEDED and CLIENT_GONE, both before any work was spent on it; what `answer`
   * throws.
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

/**
 * How often the queue is looked through for requests whose time is over while the engine is busy.
 */
const sweepMs = 50;

export function createBatcher({ answer, maximumBatch, batchesAhead, now, onBatch }: BatcherOptions): Batcher {
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

  /** True, and the request refused, where its answer would be of no use. */
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
      const { logits, probabilities } = await answer(joinPixels(jobs));
      const inferenceMs = now() - startedAt;
      onBatch?.(pictures);
      const classes = probabilities.length / pictures;
      let at = 0;
      for (const { count, submittedAt, resolve } of jobs) {
        const [start, end] = [at * classes, (at + count) * classes];
        at += count;
        resolve({
          logits: logits.subarray(start, end),
          probabilities: probabilities.subarray(start, end),
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

function joinPixels(jobs: readonly Job[]): Uint8Array {
  if (jobs.length === 1) return jobs[0]!.pixels;
  const all = new Uint8Array(jobs.reduce((sum, { pixels }) => sum + pixels.length, 0));
  let at = 0;
  for (const { pixels } of jobs) {
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
