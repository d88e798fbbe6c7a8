/** The `train` section of the configuration: every key is optional, since what is left out follows from the data. */
import { type Static, Type } from "@sinclair/typebox";
import type { DeepReadonly } from "../base/freeze.ts";
import { recipeFits } from "../image/recipe.ts";

const choice = <const T extends readonly string[]>(names: T, description: string) =>
  Type.Optional(
    Type.Union(
      names.map((name: T[number]) => Type.Literal(name)),
      { description },
    ),
  );

/** Descriptions are half sentences: they are the help text of the flags too. */
export const trainConfigSchema = Type.Object({
  data: Type.Optional(
    Type.String({ minLength: 1, description: "a folder or .zip of labelled pictures, or a folder of idx files" }),
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
  epochs: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 10_000, description: "passes over the training pictures" }),
  ),
  batchSize: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_536, description: "pictures of one step" })),
  learningRate: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "the highest learning rate" })),
  optimizer: choice(["adamw", "adam", "sgd"], "how weights are updated"),
  weightDecay: Type.Optional(Type.Number({ minimum: 0, description: "pull of weights towards zero; adamw and sgd" })),
  clipNorm: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "shorten longer gradients to this length" })),
  schedule: choice(["one-cycle", "cosine", "constant"], "how the learning rate moves"),
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
  patience: Type.Optional(
    Type.Integer({ minimum: 1, description: "stop after so many epochs without a better validation" }),
  ),
  seed: Type.Optional(
    Type.Integer({ minimum: 0, description: "decides weights, order and augmentation; the same seed, the same model" }),
  ),
  threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 512, description: "threads of the engine" })),
});

export type TrainConfig = DeepReadonly<Static<typeof trainConfigSchema>>;

/** What decides the trained model: all of the section but where pictures come from, where the bundle goes, and threads. */
export type TrainSettings = Omit<TrainConfig, "data" | "out" | "threads">;
