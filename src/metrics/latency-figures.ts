/** Inference latency. */

export interface LatencyFigures {
  /** Batch size. */
  readonly batchSize: number;
  /** Number of measured calls. */
  readonly calls: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  /** At the median. */
  readonly picturesPerSecond: number;
}

export interface Latency {
  readonly one: LatencyFigures;
  readonly batch: LatencyFigures;
}
