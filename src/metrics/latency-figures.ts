/** How long answers take, as figures. */

export interface LatencyFigures {
  /** Pictures of one call. */
  readonly batchSize: number;
  /** Calls that were measured. */
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
