/** The options of the functions about registered models. */
import { Type } from "typebox";
import {
  Flag,
  instanceOf,
  LoggerOption,
  optionsSchema,
  ProgressOption,
  SignalOption,
  Text,
} from "../../base/schema/options.ts";
import { sourceOptionsSchema } from "../../dataset/sources/source-options.ts";
import { promotionConfigSchema } from "../../registry/promotion/promotion-config.ts";
import type {
  LineageOptions,
  OpenModelsOptions,
  PromoteModelOptions,
  RollbackModelOptions,
  TraceServiceOptions,
} from "../models.ts";
import { engineOptions } from "./shared.ts";

const OptionalText = Type.Optional(Text);
const MoverOption = Type.Optional(Type.Object({ by: Text, gitUser: OptionalText }));

export const openModelsOptions = optionsSchema<OpenModelsOptions>({
  trackingUri: OptionalText,
  trackingCaFile: OptionalText,
  trackingTimeoutMs: Type.Optional(Type.Integer({ minimum: 100, maximum: 600_000 })),
  env: Type.Optional(instanceOf("an object with environment variables", (value) => typeof value === "object")),
});

export const promoteModelOptions = optionsSchema<PromoteModelOptions>({
  name: Text,
  version: Text,
  alias: Text,
  settings: Type.Optional(Type.Partial(promotionConfigSchema)),
  reading: Type.Optional(sourceOptionsSchema),
  folder: OptionalText,
  packs: OptionalText,
  mover: MoverOption,
  reason: OptionalText,
  force: Flag,
  checksOnly: Flag,
  progress: ProgressOption,
  logger: LoggerOption,
  signal: SignalOption,
  ...engineOptions,
});

export const rollbackModelOptions = optionsSchema<RollbackModelOptions>({
  name: Text,
  alias: Text,
  mover: MoverOption,
  reason: OptionalText,
  logger: LoggerOption,
  ...engineOptions,
});

export const lineageOptions = optionsSchema<LineageOptions>({ folder: OptionalText });

export const traceServiceOptions = optionsSchema<TraceServiceOptions>({
  key: OptionalText,
  folder: OptionalText,
  signal: SignalOption,
  fetch: Type.Optional(instanceOf("a function", (value) => typeof value === "function")),
});
