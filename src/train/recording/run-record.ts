/**
 * One run as it is written: points are held in memory and logged in batches beside the work; what
 * the store refuses is told once and never stops the work.
 */
import { AppError, toAppError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { endsWithin } from "../../base/within.ts";
import type { DatasetInput, MetricPoint, Run, RunStatus } from "../../tracking/run.ts";
import type { ArtifactContent, RunBatch, RunStore } from "../../tracking/run-store.ts";

export interface RunRecordOptions {
  readonly store: RunStore;
  /** With the metrics that it has already. */
  readonly run: Run;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Between two batches. */
const batchMs = 2000;
/** Of one call, as MLflow's server takes them. */
const batchPoints = 1000;
/** Points that are held while a store fails or hangs; the oldest are given up first. */
const heldPoints = 200_000;
/** For the work that waits for the record: before a checkpoint, and at the end. */
const patienceMs = 15_000;

export class RunRecord {
  readonly #store: RunStore;
  readonly #run: Run;
  readonly #logger: Logger;
  readonly #now: () => number;
  /** The last step of each key: a resumed training logs steps again that are there. */
  readonly #lastSteps: Map<string, number>;
  #points: MetricPoint[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isFlushing = false;
  #hasWarned = false;
  readonly #timer: NodeJS.Timeout;

  constructor({ store, run, logger, now }: RunRecordOptions) {
    this.#store = store;
    this.#run = run;
    this.#logger = logger;
    this.#now = now;
    this.#lastSteps = new Map([...run.metrics].map(([key, { step }]) => [key, step]));
    this.#timer = setInterval(() => void this.flush(), batchMs).unref();
  }

  get run(): Run {
    return this.#run;
  }

  /** The step of the key's last point; undefined before any. */
  lastStep(key: string): number | undefined {
    return this.#lastSteps.get(key);
  }

  /** Holds a point, unless the key has one of this step or a later one. Costs nothing but memory. */
  point(key: string, value: number, step: number): void {
    if (step <= (this.#lastSteps.get(key) ?? Number.NEGATIVE_INFINITY)) return;
    this.#lastSteps.set(key, step);
    this.#points.push({ key, value, step, timestampMs: Math.round(this.#now()) });
    // Not one by one, which would move all the others each time.
    if (this.#points.length > 2 * heldPoints) this.#points = this.#points.slice(-heldPoints);
  }

  /** Writes what is held, after what is being written. Never fails. */
  flush(): Promise<void> {
    if (this.#points.length > 0 && !this.#isFlushing) {
      this.#isFlushing = true;
      this.#enqueue(() => this.#writePoints());
    }
    return this.#writing;
  }

  /** `flush`, waited for no longer than a store that works needs. */
  async settle(): Promise<void> {
    if (await endsWithin(this.flush(), patienceMs)) return;
    this.#warn(
      new AppError("TRACKING_UNAVAILABLE", {
        required: `an answer within ${patienceMs / 1000} s`,
        received: "none",
        where: this.#store.location,
      }),
    );
  }

  /** Params, tags, metrics of a model. Never fails. */
  log(batch: RunBatch): void {
    this.#enqueue(() => this.#store.logBatch(this.#run.id, batch));
  }

  inputs(inputs: readonly DatasetInput[]): void {
    this.#enqueue(() => this.#store.logInputs(this.#run.id, inputs));
  }

  artifact(path: string, content: ArtifactContent): void {
    this.#enqueue(() => this.#store.writeArtifact({ runId: this.#run.id }, path, content));
  }

  /** Runs work on the store after what is being written; its failure is told once. */
  async attempt<T>(work: (store: RunStore, run: Run) => Promise<T>): Promise<T | undefined> {
    let result: T | undefined;
    this.#enqueue(async () => {
      result = await work(this.#store, this.#run);
    });
    await this.#writing;
    return result;
  }

  /** Writes what is left and how the run ended. Takes a bounded time, never fails. */
  async end(status: RunStatus, tags?: ReadonlyMap<string, string>): Promise<void> {
    void this.flush();
    if (tags) this.log({ tags });
    this.#enqueue(() => this.#store.updateRun(this.#run.id, { status, endedMs: Math.round(this.#now()) }));
    await this.close();
  }

  /** Writes what is left to a run that has ended before. As `end`. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.settle();
    if (this.#points.length > 0) {
      this.#logger.warn(`${this.#points.length} values of metrics could not be recorded`);
    }
  }

  #enqueue(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work).catch((error: unknown) => this.#warn(error));
  }

  async #writePoints(): Promise<void> {
    this.#isFlushing = false;
    while (this.#points.length > 0) {
      const metrics = this.#points.splice(0, batchPoints);
      try {
        await this.#store.logBatch(this.#run.id, { metrics });
      } catch (error) {
        // Tried again with the next batch: a store that has them does not add them again.
        this.#points = [...metrics, ...this.#points].slice(-heldPoints);
        throw error;
      }
    }
  }

  #warn(error: unknown): void {
    const { code, message } = toAppError(error);
    const text = `the run is not recorded in full; the work goes on: ${code}: ${message}`;
    if (this.#hasWarned) this.#logger.debug(text);
    else this.#logger.warn(text);
    this.#hasWarned = true;
  }
}
