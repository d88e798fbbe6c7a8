/**
 * Takes predictions without waiting and writes them in batches. What a store that is away or slow
 * leaves no room for is dropped and counted: a service's memory has a bound, its answers do not wait.
 */
import { toAppError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { endsWithin } from "../base/within.ts";
import type { LoggedPrediction, ServiceLog } from "./prediction-log.ts";

export interface LogBufferOptions {
  readonly log: Pick<ServiceLog, "append" | "location">;
  readonly logger: Logger;
  /** Predictions that wait at most; default 10,000. */
  readonly capacity?: number;
  /** Between two writes; default 250. */
  readonly pauseMs?: number;
  /** Between two attempts while the store fails, at most; default 15,000. */
  readonly longestPauseMs?: number;
  readonly onWritten?: (predictions: number) => void;
  readonly onDropped?: (predictions: number) => void;
}

/** A write of more takes less for each row, as pages of an index are written once for all of them. */
const batchRows = 1000;

export class LogBuffer {
  readonly #options: LogBufferOptions;
  readonly #capacity: number;
  readonly #pauseMs: number;
  readonly #longestPauseMs: number;
  #waiting: LoggedPrediction[] = [];
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<boolean> | undefined;
  #failures = 0;
  #isClosed = false;
  #dropped = 0;

  constructor(options: LogBufferOptions) {
    const { capacity = 10_000, pauseMs = 250, longestPauseMs = 15_000 } = options;
    this.#options = options;
    this.#capacity = capacity;
    this.#pauseMs = pauseMs;
    this.#longestPauseMs = longestPauseMs;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Of all time. */
  get dropped(): number {
    return this.#dropped;
  }

  add(predictions: readonly LoggedPrediction[]): void {
    const room = this.#isClosed ? 0 : this.#capacity - this.#waiting.length;
    const taken = predictions.length <= room ? predictions : predictions.slice(0, Math.max(0, room));
    for (const prediction of taken) this.#waiting.push(prediction);
    const lost = predictions.length - taken.length;
    if (lost > 0) {
      this.#dropped += lost;
      this.#options.onDropped?.(lost);
    }
    if (taken.length > 0) this.#schedule();
  }

  /** Writes what waits now; false where the store does not take it. */
  async flush(): Promise<boolean> {
    // A pass under way may have begun before the last prediction came.
    if (this.#pass !== undefined && !(await this.#pass)) return false;
    return this.#write();
  }

  /** Writes what waits, for at most `limitMs`; what is left then is dropped and counted. */
  async close(limitMs: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await endsWithin(this.flush(), limitMs);
    const left = this.#waiting.length;
    if (left === 0) return;
    this.#waiting = [];
    this.#dropped += left;
    this.#options.onDropped?.(left);
    this.#options.logger.warn(`${left} predictions could not be logged in ${this.#options.log.location}`);
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    const { length } = this.#waiting;
    const backOffMs = Math.min(this.#longestPauseMs, this.#pauseMs * 2 ** Math.min(this.#failures, 16));
    // A batch that is full need not wait, unless the store fails.
    const waitMs = this.#failures > 0 ? backOffMs : length >= batchRows ? 0 : this.#pauseMs;
    this.#timer = setTimeout(async () => {
      this.#timer = undefined;
      await this.flush();
      if (this.#waiting.length > 0) this.#schedule();
    }, waitMs).unref();
  }

  #write(): Promise<boolean> {
    this.#pass ??= this.#writeOnce().finally(() => {
      this.#pass = undefined;
    });
    return this.#pass;
  }

  async #writeOnce(): Promise<boolean> {
    for (let left = this.#waiting.length; left > 0; ) {
      const batch = this.#waiting.slice(0, Math.min(batchRows, left));
      try {
        await this.#options.log.append(batch);
      } catch (error) {
        this.#noteFailure(error);
        return false;
      }
      this.#waiting = this.#waiting.slice(batch.length);
      left -= batch.length;
      this.#noteSuccess();
      this.#options.onWritten?.(batch.length);
    }
    return true;
  }

  #noteFailure(error: unknown): void {
    this.#failures++;
    if (this.#failures > 1) return;
    this.#options.logger.warn(`predictions wait in memory for their log: ${toAppError(error).message}`);
  }

  #noteSuccess(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#options.logger.info(`the prediction log ${this.#options.log.location} is back`, { dropped: this.#dropped });
  }
}
