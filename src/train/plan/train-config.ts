/** The `train` section of the configuration. Every key is optional: the data decides the rest. */
import { type Static, Type } from "typebox";
import type { DeepReadonly } from "../../base/freeze.ts";
import { literals } from "../../base/schema/literals.ts";
import { sourceOptionsSchema } from "../../dataset/sources/source-options.ts";
import { recipeFits } from "../../image/recipe.ts";

const choice = <const T extends readonly [string, ...string[]]>(names: T, description: string) =>
  Type.Optional(literals(names, { description }));

/** Descriptions are also the help texts of the flags. */
export const trainConfigSchema = Type.Object({
  data: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        "labelled pictures: a folder, a .zip or .tar.gz, a manifest (.csv, .jsonl), idx or CIFAR-10 files, s3://, or a pack",
    }),
  ),
  ...sourceOptionsSchema.properties,
  out: Type.Optional(
    Type.String({
      minLength: 1,
      description: "the bundle's file; models/NAME.onnx unless given, named after the data",
    }),
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
  backbone: Type.Optional(
    Type.String({
      minLength: 1,
      description: "start from this pretrained ONNX model, or bundle: its features under a new last layer",
    }),
  ),
  layer: Type.Optional(
    Type.String({
      minLength: 1,
      description: "the backbone's value that gives the features; what its last layer takes unless given",
    }),
  ),
  backboneInput: Type.Optional(
    Type.String({
      minLength: 1,
      examples: ["imagenet", "minus-one-to-one,bgr"],
      description:
        "how the backbone takes pictures: imagenet, minus-one-to-one, zero-to-one or bytes, with nhwc, bgr or 299x299 behind it; or JSON; unless a side-car file says it",
    }),
  ),
  fineTune: Type.Optional(
    Type.String({
      pattern: "^(all|\\d{1,4})$",
      examples: ["0", "3", "all"],
      description: "train the backbone's last blocks too: how many, or all; 0 unless given",
    }),
  ),
  variants: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 64,
      description: "forms of each training picture whose features are computed: itself and augmented ones",
    }),
  ),
  head: choice(
    ["linear", "hidden"],
    "the new last layer: linear, or with a hidden layer; validation decides unless given",
  ),
  backboneRate: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 10,
      description: "learning rate of the backbone's last block, as a factor of the head's; 0.1 unless given",
    }),
  ),
  rateDecay: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: "learning rate of each earlier block, as a factor of the next",
    }),
  ),
  batchNorm: choice(["frozen", "updated"], "statistics of the batch norms in fine-tuned blocks"),
  size: Type.Optional(
    Type.Integer({ minimum: 4, maximum: 1024, description: "pixels a side that pictures are resized to" }),
  ),
  channels: Type.Optional(Type.Union([Type.Literal(1), Type.Literal(3)], { description: "3 for colour, 1 for grey" })),
  fit: choice(recipeFits, "how pictures that are not square are fitted into the square"),
  proportions: Type.Optional(
    Type.Array(Type.Number({ minimum: 0, maximum: 1 }), {
      minItems: 3,
      maxItems: 3,
      description: "shares of train, val and test, such as 0.7,0.1,0.2; 0.8,0.1,0.1 unless given",
    }),
  ),
  salt: Type.Optional(Type.String({ minLength: 1, description: "any text; another one gives other splits" })),
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
      description:
        "training time, such as 20m or 2h, in place of epochs; validation counts, reading pictures before it and the evaluation after it do not",
    }),
  ),
  batchSize: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_536, description: "pictures per step" })),
  accumulate: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1024, description: "batches whose gradients are averaged for one update" }),
  ),
  learningRate: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "peak of the learning-rate schedule" })),
  optimizer: choice(["adamw", "adam", "sgd"], "optimizer"),
  weightDecay: Type.Optional(Type.Number({ minimum: 0, description: "weight decay; adamw and sgd" })),
  clipNorm: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "clip gradients to this norm" })),
  schedule: choice(["one-cycle", "cosine", "constant"], "learning-rate schedule"),
  averageSteps: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      description: "steps over which weights are averaged for validation and export; 0 for no averages",
    }),
  ),
  labelSmoothing: Type.Optional(
    Type.Number({ minimum: 0, exclusiveMaximum: 1, description: "share of each target spread over all classes" }),
  ),
  classWeights: choice(["none", "balanced"], "balanced: rare classes weigh as much as common ones"),
  flip: Type.Optional(Type.Boolean({ description: "mirror every second training picture" })),
  shiftPixels: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 512, description: "shift training pictures by up to this many pixels" }),
  ),
  zoom: Type.Optional(
    Type.Number({ minimum: 0, maximum: 0.9, description: "enlarge or shrink training pictures by up to this share" }),
  ),
  brightness: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 5,
      description: "change brightness by up to this many standard deviations",
    }),
  ),
  contrast: Type.Optional(
    Type.Number({ minimum: 0, maximum: 0.95, description: "change contrast by up to this share" }),
  ),
  rotationDegrees: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 180,
      description: "rotate training pictures by up to this many degrees either way",
    }),
  ),
  shear: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: "shear training pictures by up to this share" }),
  ),
  crop: Type.Optional(
    Type.Number({
      minimum: 0.01,
      maximum: 1,
      description: "random crops of at least this share of the area, aspect ratio up to 4/3 (0.08 is usual)",
    }),
  ),
  saturation: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: "change saturation by up to this share" }),
  ),
  hue: Type.Optional(
    Type.Number({ minimum: 0, maximum: 0.5, description: "shift hues by up to this share of the colour circle" }),
  ),
  erasing: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: "probability that a rectangle of a picture is erased" }),
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
    Type.Boolean({ description: "train on pictures of half the size first, then three quarters, then the full size" }),
  ),
  randAugment: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 10, description: "random changes per picture (RandAugment)" }),
  ),
  randAugmentMagnitude: Type.Optional(
    Type.Number({ minimum: 0, maximum: 10, description: "strength of the random changes; 9 unless given" }),
  ),
  patience: Type.Optional(
    Type.Integer({ minimum: 1, description: "epochs without a better validation before training stops early" }),
  ),
  checkpointMinutes: Type.Optional(
    Type.Number({
      minimum: 0.01,
      maximum: 1440,
      description: "minutes between checkpoints within an epoch; 5 unless given",
    }),
  ),
  seed: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: "seed of weights, order and augmentation; the same seed gives the same model",
    }),
  ),
  threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 512, description: "threads of the engine" })),
});

export type TrainConfig = DeepReadonly<Static<typeof trainConfigSchema>>;

/** How a model is trained. */
export type TrainSettings = Omit<TrainConfig, "data" | "out" | "threads">;
