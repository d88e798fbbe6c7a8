/** The predictions whose pictures are furthest from those of the reference. */
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import type { LabelledPrediction } from "../prediction-log/prediction-log.ts";
import { type FurthestStatistic, furthestStatistic } from "./reference-distance.ts";

export interface UnusualPrediction extends FurthestStatistic {
  readonly requestId: string;
  readonly position: number;
  readonly timeMs: number;
  readonly version: string;
  readonly label: string;
  readonly confidence: number;
  readonly trueLabel?: string;
}

const kept = 24;

export class UnusualPredictions {
  /** Furthest first. */
  #list: UnusualPrediction[] = [];

  add(row: LabelledPrediction, statistics: Float32Array, reference: ReferenceProfile): void {
    const furthest = furthestStatistic(statistics, reference);
    if (furthest === undefined) return;
    if (this.#list.length === kept && furthest.distance <= this.#list.at(-1)!.distance) return;
    const { requestId, position, timeMs, version, label, confidence, trueLabel } = row;
    const more = trueLabel === undefined ? {} : { trueLabel };
    this.#list.push({ requestId, position, timeMs, version, label, confidence, ...more, ...furthest });
    this.#list.sort((a, b) => b.distance - a.distance);
    this.#list = this.#list.slice(0, kept);
  }

  list(): readonly UnusualPrediction[] {
    return this.#list;
  }
}
