/** The options of the functions that evaluate. */
import { Type } from "typebox";
import { literals } from "../../base/schema/literals.ts";
import {
  Count,
  Flag,
  LoggerOption,
  optionsSchema,
  ProgressOption,
  SignalOption,
  Text,
} from "../../base/schema/options.ts";
import { splits } from "../../dataset/sources/source.ts";
import { sourceOptionsSchema } from "../../dataset/sources/source-options.ts";
import type { EvaluateBundleOptions } from "../recording.ts";
import { TrackingOption } from "./recording-options.ts";
import { LoadedBundleOption } from "./shared.ts";

export const evaluateBundleOptions = optionsSchema<EvaluateBundleOptions>({
  bundle: LoadedBundleOption,
  data: Text,
  reading: Type.Optional(sourceOptionsSchema),
  split: Type.Optional(literals([...splits, "all"])),
  against: Type.Optional(LoadedBundleOption),
  measuresLatency: Flag,
  readsSizes: Flag,
  packs: Type.Optional(Text),
  strict: Flag,
  batchSize: Count,
  progress: ProgressOption,
  logger: LoggerOption,
  tracking: TrackingOption,
  signal: SignalOption,
});
