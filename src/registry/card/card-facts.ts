/** What a model card is made from. */
import { Type } from "typebox";
import { matchesSchema } from "../../base/schema/matches-schema.ts";
import type { BundleFile } from "../../bundle/bundle-file.ts";
import type { Run } from "../../tracking/run.ts";
import type { ModelVersion } from "../model-registry.ts";

export interface CardFacts {
  /** The model's name, for the title. */
  readonly name: string;
  readonly bundle: BundleFile;
  /** Where it is registered. */
  readonly version?: ModelVersion;
  /** The run that made it, where the store has it. */
  readonly run?: Run;
  /** Of an evaluation after the training; the figures in the bundle are those of its own test split. */
  readonly slices?: readonly CardSlice[];
}

export interface CardSlice {
  /** "brightness", "class". */
  readonly dimension: string;
  readonly name: string;
  readonly count: number;
  readonly accuracy: number;
  /** Whether it is significantly worse than the rest. */
  readonly isWorse: boolean;
}

const Share = Type.Number({ minimum: 0, maximum: 1 });

const figures = {
  split: Type.String(),
  count: Type.Integer({ minimum: 0 }),
  accuracy: Share,
  accuracyInterval: Type.Object({ low: Share, high: Share }),
  top5Accuracy: Share,
  loss: Type.Number(),
  epochs: Type.Integer(),
  bestEpoch: Type.Integer(),
  classes: Type.Array(
    Type.Object({
      label: Type.String(),
      count: Type.Integer(),
      precision: Share,
      recall: Share,
      f1: Share,
    }),
  ),
  calibration: Type.Object({ temperature: Type.Number(), expectedCalibrationError: Type.Number() }),
};

type Figures = { readonly [K in keyof typeof figures]?: Type.Static<(typeof figures)[K]> };

/** The figures of a bundle, which may come from another program: those that are what their names say. */
export function figuresOf({ info }: Pick<BundleFile, "info">): Figures {
  const found: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(figures)) {
    const value = info.evaluation[key];
    if (matchesSchema(schema, value)) found[key] = value;
  }
  return found;
}

/** What `pawprint evaluate --json` prints, as far as a card needs it. */
export const EvaluationResult = Type.Object({
  slices: Type.Array(
    Type.Object({
      dimension: Type.String(),
      name: Type.String(),
      count: Type.Integer({ minimum: 0 }),
      accuracy: Share,
      isWorse: Type.Boolean(),
    }),
    { maxItems: 10_000 },
  ),
});
