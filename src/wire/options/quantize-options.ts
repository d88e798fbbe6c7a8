/** The options of the function that quantises. */
import { Type } from "typebox";
import { literals } from "../../base/schema/literals.ts";
import {
  Callback,
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
import { rangeMethods } from "../../train/quantization/activation-range.ts";
import type { QuantizeBundleOptions } from "../../train/quantization/quantize-bundle.ts";
import type { BundleArgument } from "../bundle-argument.ts";
import type { WithEngine } from "../engines.ts";
import { engineOptions } from "./shared.ts";

/** As a program gives them: the bundle in any of its forms. */
export type QuantizeOptions = Omit<WithEngine<QuantizeBundleOptions>, "bundle" | "plainExecutor"> & {
  readonly bundle: BundleArgument;
};

export const quantizeOptions = optionsSchema<QuantizeOptions>({
  bundle: instanceOf("a bundle: its path, its bytes, or an address", (value) => value !== undefined && value !== null),
  data: Text,
  out: Text,
  reading: Type.Optional(sourceOptionsSchema),
  calibrationPictures: Count,
  method: Type.Optional(literals(rangeMethods)),
  seed: Type.Optional(Type.Integer({ minimum: 0 })),
  maxLoss: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  evenIfWorse: Flag,
  force: Flag,
  packs: Type.Optional(Text),
  strict: Flag,
  batchSize: Count,
  now: Callback,
  progress: ProgressOption,
  logger: LoggerOption,
  signal: SignalOption,
  ...engineOptions,
});
