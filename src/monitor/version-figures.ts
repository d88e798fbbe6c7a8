/** All predictions of one model version in one role, as they come. */
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import type { PictureStatisticName } from "../image/picture-statistics.ts";
import { ReferenceCounts } from "../metrics/drift/reference-counts.ts";
import { jensenShannonDistance } from "../metrics/drift/share-distances.ts";
import { LabelledCounts, type LabelledFigures } from "../metrics/labelled-counts.ts";
import type { LabelledPrediction } from "../prediction-log/prediction-log.ts";
import { placeOfStatistic } from "../prediction-log/statistics-row.ts";
import { referenceColumns } from "./drift-tests.ts";

export interface VersionFigures {
  readonly model: string;
  readonly version: string;
  /** champion, canary or challenger. */
  readonly role: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
  readonly meanConfidence: number;
  readonly labels: readonly string[];
  /** How often each label was the answer. */
  readonly answerCounts: readonly number[];
  readonly labelled?: LabelledFigures;
  /** What its bundle was evaluated with. */
  readonly reference?: {
    readonly count: number;
    readonly accuracy: number;
    readonly meanConfidence: number;
    readonly expectedCalibrationError: number;
  };
  /** How far all its predictions together are from the reference; none without one. */
  readonly shifts: readonly Shift[];
}

/** Sizes, not tests: with enough predictions every difference is certain, and few matter. */
export interface Shift {
  /** A statistic of pictures, `confidence` or `classShares`. */
  readonly name: string;
  /** Predictions that it is known of. */
  readonly count: number;
  /** Kolmogorov-Smirnov distance, 0 to 1; not of class shares. */
  readonly distance?: number;
  /** Population stability index, in nats; the Jensen-Shannon distance of class shares, 0 to 1. */
  readonly size: number;
  readonly reference?: number;
  /** Half of the reference's pictures are between them. */
  readonly referenceQuartiles?: readonly [number, number];
  readonly mean?: number;
}

interface Column {
  readonly name: string;
  /** Among the statistics of a row; undefined for the confidence. */
  readonly place: number | undefined;
  readonly counts: ReferenceCounts;
}

export class VersionCounts {
  readonly labels: readonly string[];
  readonly reference: ReferenceProfile | undefined;
  readonly labelled = new LabelledCounts();
  readonly #first: LabelledPrediction;
  readonly #answers: number[];
  readonly #columns: readonly Column[];
  #count = 0;
  #confidence = 0;
  #lastMs: number;

  constructor(first: LabelledPrediction, labels: readonly string[], reference: ReferenceProfile | undefined) {
    this.labels = labels;
    this.reference = reference;
    this.#first = first;
    this.#lastMs = first.timeMs;
    this.#answers = new Array<number>(labels.length).fill(0);
    this.#columns = Object.entries(reference === undefined ? {} : referenceColumns(reference)).map(
      ([name, sample]) => ({
        name,
        place: name === "confidence" ? undefined : placeOfStatistic(name as PictureStatisticName), // the rest of them
        counts: new ReferenceCounts(sample),
      }),
    );
  }

  /** `answer`: the class of its label; undefined for none of the model's. */
  add(row: LabelledPrediction, answer: number | undefined, statistics: Float32Array | undefined): void {
    this.#count++;
    this.#confidence += row.confidence;
    this.#lastMs = row.timeMs;
    if (row.trueLabel !== undefined) this.labelled.add(row.trueLabel, row.label, row.confidence);
    if (answer === undefined) return;
    this.#answers[answer]!++;
    for (const { place, counts } of this.#columns) {
      if (place === undefined) counts.add(row.confidence);
      else if (statistics !== undefined) counts.add(statistics[place]!);
    }
  }

  figures(): VersionFigures {
    const { model, version, role, timeMs } = this.#first;
    const labelled = this.labelled.figures();
    const { reference } = this;
    return {
      model,
      version,
      role,
      firstMs: timeMs,
      lastMs: this.#lastMs,
      count: this.#count,
      meanConfidence: this.#confidence / this.#count,
      labels: this.labels,
      answerCounts: this.#answers,
      ...(labelled && { labelled }),
      ...(reference && {
        reference: {
          count: reference.count,
          accuracy: reference.accuracy,
          meanConfidence: reference.meanConfidence,
          expectedCalibrationError: reference.expectedCalibrationError,
        },
      }),
      shifts: reference === undefined ? [] : [...this.#columnShifts(), this.#classShift(reference)],
    };
  }

  #columnShifts(): readonly Shift[] {
    return this.#columns.flatMap(({ name, counts }) =>
      counts.mean === undefined
        ? []
        : {
            name,
            count: counts.count,
            distance: counts.kolmogorovSmirnov,
            size: counts.stabilityIndex,
            reference: counts.referenceMean,
            referenceQuartiles: counts.referenceQuartiles,
            mean: counts.mean,
          },
    );
  }

  #classShift({ answerCounts }: ReferenceProfile): Shift {
    const count = this.#answers.reduce((sum, one) => sum + one, 0);
    return { name: "classShares", count, size: jensenShannonDistance(answerCounts, this.#answers) };
  }
}
