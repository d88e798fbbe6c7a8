/** What the page of an evaluation shows. */

import type { BundleFile } from "../../bundle/bundle-file.ts";
import type { Analysis } from "../../metrics/analyse-answers.ts";
import type { ModelComparison } from "../../metrics/compare-answers.ts";
import type { Latency } from "../../metrics/latency-figures.ts";

/** One model's metrics. */
export interface ModelFigures extends Analysis {
  readonly latency?: Latency;
  readonly isTrainingData: boolean;
}

export interface AgainstFigures extends ModelFigures {
  readonly comparison: ModelComparison;
  readonly trainedOn?: number;
}

/** All that the page is made of. */
export interface EvaluationFacts {
  readonly model: BundleFile;
  readonly figures: ModelFigures;
  /** Where the pictures came from. */
  readonly data: string;
  readonly datasetHash: string;
  readonly split: "train" | "val" | "test" | "all";
  readonly against?: { readonly model: BundleFile; readonly figures: AgainstFigures };
  /** On which latency was measured. */
  readonly machine: { readonly processor: string; readonly cores: number };
  /** PNG or JPEG bytes by picture id. */
  readonly thumbnails: ReadonlyMap<string, Uint8Array>;
}
