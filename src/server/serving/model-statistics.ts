/** What one loaded model has done since it was loaded: counts and times. */

/** How often something was timed, and the sum. */
export interface TimeTotal {
  readonly count: number;
  readonly ms: number;
}

export interface ModelStatistics {
  /** Milliseconds since 1970 of the last request; undefined before the first. */
  readonly lastRequestAt: number | undefined;
  /** Pictures that were answered. */
  readonly pictures: number;
  /** Requests that were answered, from decoding on. */
  readonly success: TimeTotal;
  /** Requests that reached the model and were not answered: too late, gone, or a failure. */
  readonly failure: TimeTotal;
  /** Parts of the answered requests. */
  readonly decode: TimeTotal;
  readonly queue: TimeTotal;
  readonly inference: TimeTotal;
  /** Runs of the engine, by the number of pictures. */
  readonly batches: ReadonlyMap<number, TimeTotal>;
}

/** Milliseconds of an answered request. */
export interface AnsweredRequest {
  readonly pictures: number;
  readonly decodeMs: number;
  readonly queueMs: number;
  readonly inferenceMs: number;
  readonly totalMs: number;
}

export interface StatisticsRecorder {
  readonly current: ModelStatistics;
  answered(request: AnsweredRequest): void;
  failed(ms: number): void;
  ranBatch(pictures: number, ms: number): void;
}

/** `clock` gives milliseconds since 1970. */
export function recordStatistics(clock: () => number): StatisticsRecorder {
  const nothing = (): { count: number; ms: number } => ({ count: 0, ms: 0 });
  const add = (total: { count: number; ms: number }, ms: number): void => {
    total.count++;
    total.ms += ms;
  };
  const batches = new Map<number, { count: number; ms: number }>();
  const current = {
    lastRequestAt: undefined as number | undefined,
    pictures: 0,
    success: nothing(),
    failure: nothing(),
    decode: nothing(),
    queue: nothing(),
    inference: nothing(),
    batches,
  };
  return {
    current,
    answered({ pictures, decodeMs, queueMs, inferenceMs, totalMs }) {
      current.lastRequestAt = clock();
      current.pictures += pictures;
      add(current.success, totalMs);
      add(current.decode, decodeMs);
      add(current.queue, queueMs);
      add(current.inference, inferenceMs);
    },
    failed(ms) {
      current.lastRequestAt = clock();
      add(current.failure, ms);
    },
    ranBatch(pictures, ms) {
      const total = batches.get(pictures) ?? nothing();
      batches.set(pictures, total);
      add(total, ms);
    },
  };
}
