/** The options of the functions that predict. */
import { Type } from "typebox";
import { Count, LoggerOption, optionsSchema, ProgressOption, SignalOption, Text } from "../../base/schema/options.ts";
import type { ExplainPicturesOptions } from "../../predict/explain/explain-pictures.ts";
import type { PredictorOptions } from "../../predict/predictor.ts";
import type { WithEngine } from "../engines.ts";
import { engineOptions } from "./shared.ts";

export const predictorOptions = optionsSchema<WithEngine<PredictorOptions>>({ batchSize: Count, ...engineOptions });

export const explainOptions = optionsSchema<WithEngine<ExplainPicturesOptions>>({
  classIndex: Type.Optional(Type.Integer({ minimum: 0 })),
  cwd: Type.Optional(Text),
  signal: SignalOption,
  progress: ProgressOption,
  logger: LoggerOption,
  ...engineOptions,
});
