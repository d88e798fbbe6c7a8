/** A dataset as MLflow shows it beside a run: one input for each split. */
import { resolve } from "node:path";
import type { DatasetSummary } from "../../dataset/dataset-summary.ts";
import { type Split, splits } from "../../dataset/sources/source.ts";
import type { Recipe } from "../../image/recipe.ts";
import { isS3Address } from "../../storage/s3-address.ts";
import type { DatasetInput } from "../../tracking/run.ts";

/** As much of a hash as MLflow keeps. */
const digestLength = 36;

const contexts: Readonly<Record<Split, string>> = { train: "training", val: "validation", test: "testing" };

export interface RecordedDataset {
  /** `cats-dogs`; each split adds its own. */
  readonly name: string;
  /** The path or address that was opened. */
  readonly location: string;
  readonly hash: string;
  readonly recipe: Recipe;
}

/** The splits that hold pictures, with their counts by class. */
export function datasetInputs(
  dataset: RecordedDataset,
  { pictures, classes, duplicates, skipped }: DatasetSummary,
): readonly DatasetInput[] {
  return splits.flatMap((split) => {
    const counts = classes.map((row) => [row.label, row[split]] as const);
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    if (total === 0) return [];
    const profile = {
      num_rows: total,
      classes: Object.fromEntries(counts),
      dataset: { pictures, duplicates, skipped },
    };
    return [datasetInput(dataset, split, contexts[split], profile)];
  });
}

/** What a bundle was evaluated on. */
export function evaluatedInput(dataset: RecordedDataset, split: Split | "all", pictures: number): DatasetInput {
  return datasetInput(dataset, split, "testing", { num_rows: pictures });
}

function datasetInput(
  { name, location, hash, recipe }: RecordedDataset,
  split: Split | "all",
  context: string,
  profile: object,
): DatasetInput {
  const isRemote = isS3Address(location);
  const { height, width, channels } = recipe;
  return {
    name: `${name}/${split}`,
    digest: hash.slice(0, digestLength),
    sourceType: isRemote ? "s3" : "local",
    source: JSON.stringify({ uri: isRemote ? location : resolve(location) }),
    schema: JSON.stringify({
      mlflow_tensorspec: {
        features: JSON.stringify([tensorOf("uint8", [-1, height, width, channels])]),
        targets: JSON.stringify([tensorOf("int64", [-1])]),
      },
    }),
    profile: JSON.stringify({ ...profile, hash, split }),
    tags: new Map([["mlflow.data.context", context]]),
  };
}

function tensorOf(dtype: string, shape: readonly number[]): object {
  return { type: "tensor", "tensor-spec": { dtype, shape } };
}
