/** Delivers the spool's runs beside the work, and tells when the server goes and when it is back. */
import { toAppError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { endsWithin } from "../../base/within.ts";
import type { SpooledRun } from "./spooled-run.ts";

export interface DeliveryLoopOptions {
  readonly runs: () => Iterable<SpooledRun>;
  /** Of the server, for messages. */
  readonly location: string;
  readonly logger: Logger;
  /** Between two deliveries. */
  readonly pauseMs: number;
  /** Between two attempts to reach the server, at most. */
  readonly longestPauseMs: number;
}

export class DeliveryLoop {
  readonly #options: DeliveryLoopOptions;
  readonly #end = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<boolean> | undefined;
  #failures = 0;

  constructor(options: DeliveryLoopOptions) {
    this.#options = options;
    this.#schedule(options.pauseMs);
  }

  /** Whether the last attempt to reach the server failed. */
  get isAway(): boolean {
    return this.#failures > 0;
  }

  /** An attempt by others to reach the server failed. */
  noteFailure(error: unknown): void {
    this.#failures++;
    if (this.#failures > 1) return;
    const { location, logger } = this.#options;
    logger.warn(`runs are kept on disk until the server ${location} takes them: ${toAppError(error).message}`);
  }

  #noteSuccess(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#options.logger.info(`the server ${this.#options.location} is back, and has what was kept for it`);
  }

  /**
   * Goes on until everything is delivered, for at most `limitMs`; to a server that does not answer,
   * for at most `awayMs`.
   */
  async close(limitMs: number, awayMs: number): Promise<void> {
    clearTimeout(this.#timer);
    const limits = this.isAway ? Math.min(limitMs, awayMs) : limitMs;
    await endsWithin(this.#finish(limits, awayMs), limits);
    this.#end.abort();
    clearTimeout(this.#timer);
  }

  /** After `close` and the store's own end: when the pass under way has ended too. */
  async ended(): Promise<void> {
    await this.#pass;
  }

  async #finish(limitMs: number, awayMs: number): Promise<void> {
    const longestMs = Math.min(this.#options.longestPauseMs, 2000);
    let untilMs = performance.now() + limitMs;
    for (let pauseMs = Math.min(this.#options.pauseMs, 200); !(await this.#deliver()); pauseMs *= 2) {
      if (pauseMs > longestMs) pauseMs = longestMs;
      untilMs = Math.min(untilMs, performance.now() + awayMs);
      if (performance.now() + pauseMs > untilMs) return;
      await new Promise((resolve) => {
        this.#timer = setTimeout(resolve, pauseMs);
      });
    }
  }

  #schedule(pauseMs: number): void {
    this.#timer = setTimeout(async () => {
      await this.#deliver();
      if (!this.#end.signal.aborted) this.#schedule(this.#pauseMs());
    }, pauseMs).unref();
  }

  /** Twice as long after each failure, and never at the same time in all processes. */
  #pauseMs(): number {
    const { pauseMs, longestPauseMs } = this.#options;
    if (this.#failures === 0) return pauseMs;
    return Math.min(longestPauseMs, pauseMs * 2 ** Math.min(this.#failures, 16)) * (0.5 + Math.random() / 2);
  }

  /** One pass over the runs; true where all of them are delivered. Never two at the same time. */
  async #deliver(): Promise<boolean> {
    this.#pass ??= this.#passOnce().finally(() => {
      this.#pass = undefined;
    });
    return this.#pass;
  }

  async #passOnce(): Promise<boolean> {
    let isLevel = true;
    let hasSent = false;
    for (const run of this.#options.runs()) {
      if (!run.hasNews) continue;
      try {
        await run.deliver(this.#end.signal);
        hasSent = true;
      } catch (error) {
        if (this.#end.signal.aborted) return false;
        isLevel = false;
        this.noteFailure(error);
        // What one run meets is not always met by the others; a server that is away is.
        if (toAppError(error).kind === "unavailable") return false;
      }
    }
    if (isLevel && hasSent) this.#noteSuccess();
    return isLevel;
  }
}
