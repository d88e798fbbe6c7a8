/** What the page of an evaluation shows: the figures that training's evaluation gives, as far as the page reads them. */
import type { BundleInfo } from "../registry/bundle.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface ClassFigures {
  readonly label: string;
  readonly count: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface ReliabilityFigures {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  readonly confidence?: number;
  readonly accuracy?: number;
  readonly interval?: Interval;
}

export interface CalibrationFigures {
  readonly temperature: number;
  readonly expectedCalibrationError: number;
  readonly maximumCalibrationError: number;
  readonly brierScore: number;
  readonly negativeLogLikelihood: number;
  readonly meanConfidence: number;
  readonly bins: readonly ReliabilityFigures[];
}

export interface RankingFigures {
  readonly auc: number;
  readonly averagePrecision: number;
}

export interface CurveFigures extends RankingFigures {
  readonly label: string;
  readonly roc: readonly { readonly falsePositiveRate: number; readonly truePositiveRate: number }[];
  readonly precisionRecall: readonly { readonly precision: number; readonly recall: number }[];
}

export interface ThresholdFigures {
  readonly threshold: number;
  readonly kept: number;
  readonly coverage: number;
  readonly accuracy?: number;
  readonly interval?: Interval;
  readonly classes?: readonly { readonly label: string; readonly precision?: number; readonly recall?: number }[];
}

export interface WrongFigures {
  readonly id: string;
  readonly label: string;
  readonly labelProbability: number;
  readonly answer: string;
  readonly confidence: number;
}

export interface SliceFigures {
  readonly dimension: "class" | "size" | "brightness" | "source";
  readonly name: string;
  readonly count: number;
  readonly right: number;
  readonly accuracy: number;
  readonly interval: Interval;
  readonly pValue: number;
  readonly isWorse: boolean;
}

export interface TimeFigures {
  readonly batchSize: number;
  readonly calls: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly picturesPerSecond: number;
}

/** What one model's answers are worth. */
export interface ModelFigures {
  readonly evaluation: {
    readonly count: number;
    readonly accuracy: number;
    readonly accuracyInterval: Interval;
    readonly loss: number;
    readonly confusion: readonly (readonly number[])[];
    readonly classes: readonly ClassFigures[];
  };
  readonly calibration: CalibrationFigures;
  readonly uncalibrated?: CalibrationFigures;
  readonly rankings: readonly (RankingFigures & { readonly label: string })[];
  readonly macro?: RankingFigures;
  readonly curves: readonly CurveFigures[];
  readonly thresholds: readonly ThresholdFigures[];
  readonly wrong: readonly WrongFigures[];
  readonly slices: readonly SliceFigures[];
  readonly latency?: { readonly one: TimeFigures; readonly batch: TimeFigures };
  readonly isTrainingData: boolean;
}

export interface DisagreedFigures {
  readonly id: string;
  readonly label: string;
  readonly firstAnswer: string;
  readonly firstConfidence: number;
  readonly secondAnswer: string;
  readonly secondConfidence: number;
}

export interface AgainstFigures extends ModelFigures {
  readonly comparison: {
    readonly count: number;
    readonly bothRight: number;
    readonly bothWrong: number;
    readonly mcnemar: {
      readonly onlyFirstRight: number;
      readonly onlySecondRight: number;
      readonly pValue: number;
      readonly method: string;
    };
    readonly difference: number;
    readonly differenceInterval: Interval;
    readonly isSignificant: boolean;
    readonly onlyFirstRight: readonly DisagreedFigures[];
    readonly onlySecondRight: readonly DisagreedFigures[];
  };
  readonly trainedOn?: number;
}

/** A bundle's file and what it says of itself. */
export interface ModelFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly info: BundleInfo;
}

/** All that the page is made of. */
export interface EvaluationFacts {
  readonly model: ModelFile;
  readonly figures: ModelFigures;
  /** Where the pictures came from. */
  readonly data: string;
  readonly datasetHash: string;
  readonly split: "train" | "val" | "test" | "all";
  readonly against?: { readonly model: ModelFile; readonly figures: AgainstFigures };
  /** On which latency was measured. */
  readonly machine: { readonly processor: string; readonly cores: number };
  /** PNG bytes by picture id. */
  readonly thumbnails: ReadonlyMap<string, Uint8Array>;
}
