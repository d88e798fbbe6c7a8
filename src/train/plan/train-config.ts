/**
 * The `train` section of the configuration: every key is optional, since what is left out follows
 * from the data.
 */
import { type Static, Type } from "typebox";
import type { DeepReadonly } from "../../base/freeze.ts";
import { literals } from "../../base/schema/literals.ts";
import { recipeFits } from "../../image/recipe.ts";

const choice = <const T extends readonly [string, ...string[]]>(names: T, description: string) =>
  Type.Optional(literals(names, { description }));

/** Descriptions are half sentences: they are the help text of the flags too. */
export const trainConfigSchema = Type.Object({
  data: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        "labelled pictures: a folder, a .zip or .tar.gz, a manifest (.csv, .jsonl), idx or CIFAR-10 files, s3://, or a pack",
    }),
  ),
  out: Type.Optional(
    Type.String({ minLength: 1, description: "the bundle's file; models/NAME.onnx after the data unless given" }),
  ),
  architecture: Type.Optional(Type.String({ minLength: 1, description: "cnn, resnet or mobilenet" })),
  widths: Type.Optional(
    Type.Array(Type.Integer({ minimum: 1, maximum: 4096 }), {
      minItems: 1,
      description: "filters of each stage of cnn or resnet, such as 32,64,128",
    }),
  ),
  dropout: Type.Optional(
    Type.Number({ minimum: 0, maximum: 0.95, description: "share of features set to zero before the last layer" }),
  ),
  architectureOptions: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: "further options of the architecture, as JSON" }),
  ),
  size: Type.Optional(
    Type.Integer({ minimum: 4, maximum: 1024, description: "pixels a side that pictures are resized to" }),
  ),
  channels: Type.Optional(Type.Union([Type.Literal(1), Type.Literal(3)], { description: "3 for colour, 1 for grey" })),
  fit: choice(recipeFits, "how a picture of another shape is brought into the square"),
  proportions: Type.Optional(
    Type.Array(Type.Number({ minimum: 0, maximum: 1 }), {
      minItems: 3,
      maxItems: 3,
      description: "shares of train, val and test, such as 0.7,0.1,0.2; 0.8,0.1,0.1 unless given",
    }),
  ),
  salt: Type.Optional(
    Type.String({ minLength: 1, description: "any text; another one puts other pictures into val and test" }),
  ),
  fold: Type.Optional(
    Type.String({
      pattern: "^[1-9]\\d*/[1-9]\\d*$",
      examples: ["2/5"],
      description: "validate on one part of k, for cross-validation: 1/5 to 5/5",
    }),
  ),
  epochs: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 10_000, description: "passes over the training pictures" }),
  ),
  time: Type.Optional(
    Type.String({
      pattern: "^\\d+(\\.\\d+)?(s|m|h)$",
      examples: ["90s", "20m", "1.5h"],
      description: "how long to train, such as 20m or 2h, in place of epochs: the learning rate runs out with it",
    }),
  ),
  batchSize: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_536, description: "pictures of one step" })),
  accumulate: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1024, description: "update weights by the gradients of so many batches" }),
  ),
  learningRate: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "the highest learning rate" })),
  optimizer: choice(["adamw", "adam", "sgd"], "how weights are updated"),
  weightDecay: Type.Optional(Type.Number({ minimum: 0, description: "pull of weights towards zero; adamw and sgd" })),
  clipNorm: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "shorten longer gradients to this length" })),
  schedule: choice(["one-cycle", "cosine", "constant"], "how the learning rate moves"),
  averageSteps: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      description: "validate and keep averages of the weights over so many steps; 0 for the weights themselves",
    }),
  ),
  labelSmoothing: Type.Optional(
    Type.Number({ minimum: 0, exclusiveMaximum: 1, description: "share of each target spread over all classes" }),
  ),
  classWeights: choice(["none", "balanced"], "balanced counts rare classes as much as common ones"),
  flip: Type.Optional(Type.Boolean({ description: "mirror every second training picture" })),
  shiftPixels: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 512, description: "move training pictures by up to so many pixels" }),
  ),
  zoom: Type.Optional(
    Type.Number({ minimum: 0, maximum: 0.9, description: "enlarge or shrink them by up to this share" }),
  ),
  brightness: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 5,
      description: "change their brightness by up to so many standard deviations",
    }),
  ),
  contrast: Type.Optional(
    Type.Number({ minimum: 0, maximum: 0.95, description: "change their contrast by up to this share" }),
  ),
  rotationDegrees: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 180,
      description: "turn training pictures by up to so many degrees either way",
    }),
  ),
  shear: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: "slant them by up to this share" })),
  crop: Type.Optional(
    Type.Number({
      minimum: 0.01,
      maximum: 1,
      description: "show a part of each, at least this share of its area and up to 4/3 as wide or high (0.08 is usual)",
    }),
  ),
  saturation: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: "make their colours stronger or weaker by up to this share" }),
  ),
  hue: Type.Optional(
    Type.Number({ minimum: 0, maximum: 0.5, description: "turn their hues by up to this share of the colour circle" }),
  ),
  erasing: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: "probability that a rectangle of a picture is covered" }),
  ),
  mixup: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 10,
      description: "blend pictures and their labels in pairs, shares from Beta(mixup, mixup) (0.2 is usual)",
    }),
  ),
  cutmix: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 10,
      description: "paste patches of other pictures, shares from Beta(cutmix, cutmix) (1 is usual)",
    }),
  ),
  mixOff: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: "share of the training at its end without mixup and cutmix; 0.2 unless given",
    }),
  ),
  progressive: Type.Optional(
    Type.Boolean({ description: "begin with pictures of half the size, then three quarters, then all of it" }),
  ),
  randAugment: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 10, description: "make so many changes to each picture, drawn from a table" }),
  ),
  randAugmentMagnitude: Type.Optional(
    Type.Number({ minimum: 0, maximum: 10, description: "strength of those changes, 9 unless given" }),
  ),
  patience: Type.Optional(
    Type.Integer({ minimum: 1, description: "stop after so many epochs without a better validation" }),
  ),
  checkpointMinutes: Type.Optional(
    Type.Number({
      minimum: 0.01,
      maximum: 1440,
      description: "write a checkpoint every so many minutes, besides that of each epoch; 5 unless given",
    }),
  ),
  seed: Type.Optional(
    Type.Integer({ minimum: 0, description: "decides weights, order and augmentation; the same seed, the same model" }),
  ),
  threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 512, description: "threads of the engine" })),
});

export type TrainConfig = DeepReadonly<Static<typeof trainConfigSchema>>;

/**
 * How a model is trained: all of the section but where pictures come from, where the bundle goes,
 * and threads.
 */
export type TrainSettings = Omit<TrainConfig, "data" | "out" | "threads">;
