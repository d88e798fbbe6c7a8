/** The options of the functions that train. */
import { Type } from "typebox";
import { literals } from "../../base/schema/literals.ts";
import {
  Callback,
  Count,
  Flag,
  LoggerOption,
  optionsSchema,
  ProgressOption,
  SignalOption,
  Text,
} from "../../base/schema/options.ts";
import { splits } from "../../dataset/sources/source.ts";
import type { AugmentationPreviewOptions } from "../../train/pictures/augmentation-preview.ts";
import { trainConfigSchema } from "../../train/plan/train-config.ts";
import type { PrepareTrainingOptions } from "../../train/prepare-training.ts";
import { trainingRunSchema } from "../../train/training-run.ts";
import type { WithEngine } from "../engines.ts";
import type { TrainOptions } from "../recording.ts";
import { TrackingOption } from "./recording-options.ts";
import { engineOptions } from "./shared.ts";

/** What stands under `train:` in the configuration, without what these functions take themselves. */
const { data: _data, out: _out, threads: _threads, ...settings } = trainConfigSchema.properties;

const prepared = {
  data: Text,
  settings: Type.Optional(Type.Object(settings)),
  strict: Flag,
  packs: Type.Optional(Text),
  signal: SignalOption,
  progress: ProgressOption,
  logger: LoggerOption,
  ...engineOptions,
};

export const prepareTrainingOptions = optionsSchema<WithEngine<PrepareTrainingOptions>>(prepared);

export const trainOptions = optionsSchema<WithEngine<TrainOptions>>({
  ...prepared,
  out: Text,
  force: Flag,
  resume: Flag,
  run: Type.Optional(Type.Partial(trainingRunSchema)),
  gitCommit: Type.Optional(Text),
  pipeline: Type.Optional(Type.Object({ stage: Text, lock: Type.Optional(Text) })),
  tracking: TrackingOption,
  onEvent: Callback,
});

export const previewOptions = optionsSchema<WithEngine<AugmentationPreviewOptions>>({
  data: Text,
  settings: prepared.settings,
  count: Count,
  variants: Count,
  split: Type.Optional(literals(splits)),
  signal: SignalOption,
  progress: ProgressOption,
  ...engineOptions,
});
