/** The options of the functions that predict. */
import { Type } from "typebox";
import { literals } from "../../base/schema/literals.ts";
import {
  Count,
  Flag,
  instanceOf,
  LoggerOption,
  optionsSchema,
  ProgressOption,
  SignalOption,
  Text,
} from "../../base/schema/options.ts";
import { sourceOptionsSchema } from "../../dataset/sources/source-options.ts";
import type { BatchPredictOptions } from "../../predict/batch/batch-predict.ts";
import { batchFormats } from "../../predict/batch/row-formats.ts";
import type { ExplainPicturesOptions } from "../../predict/explain/explain-pictures.ts";
import type { PredictorOptions } from "../../predict/predictor.ts";
import type { BundleArgument } from "../bundle-argument.ts";
import type { WithEngine } from "../engines.ts";
import { engineOptions } from "./shared.ts";

export const predictorOptions = optionsSchema<WithEngine<PredictorOptions>>({ batchSize: Count, ...engineOptions });

const { layout: _, ...readingOptions } = sourceOptionsSchema.properties;

/** As a program gives them: the bundle in any of its forms. */
export type BatchOptions = Omit<WithEngine<BatchPredictOptions>, "model"> & { readonly model: BundleArgument };

export const batchOptions = optionsSchema<BatchOptions>({
  model: instanceOf("a bundle: its path, its bytes, or an address", (value) => value !== undefined && value !== null),
  source: Text,
  out: Text,
  format: Type.Optional(literals(batchFormats)),
  reading: Type.Optional(Type.Object(readingOptions)),
  shard: Type.Optional(Type.Object({ index: Type.Integer({ minimum: 0 }), count: Type.Integer({ minimum: 1 }) })),
  resume: Flag,
  force: Flag,
  state: Type.Optional(Text),
  batchSize: Count,
  cwd: Type.Optional(Text),
  signal: SignalOption,
  progress: ProgressOption,
  logger: LoggerOption,
  ...engineOptions,
});

export const explainOptions = optionsSchema<WithEngine<ExplainPicturesOptions>>({
  classIndex: Type.Optional(Type.Integer({ minimum: 0 })),
  cwd: Type.Optional(Text),
  signal: SignalOption,
  progress: ProgressOption,
  logger: LoggerOption,
  ...engineOptions,
});
