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
import type { Mover } from "../../registry/promotion/move-alias.ts";
import type { PromoteOptions, RollbackOptions } from "../../registry/promotion/promote.ts";
import { type PromotionConfig, promotionConfigSchema } from "../../registry/promotion/promotion-config.ts";
import type { RegisterOptions } from "../../registry/register-bundle.ts";
import type { TrackingConfig } from "../../tracking/tracking-config.ts";
import type { WithEngine } from "../engines.ts";
import { engineOptions } from "./shared.ts";

export interface OpenModelsOptions
  extends Partial<Pick<TrackingConfig, "trackingUri" | "trackingCaFile" | "trackingTimeoutMs">> {
  /** Where MLFLOW_TRACKING_URI, names and passwords are read; the process's environment unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export type PromoteModelOptions = WithEngine<Omit<PromoteOptions, "settings" | "mover">> & {
  /** Limits of the gates; their defaults unless given. */
  readonly settings?: Partial<PromotionConfig>;
  /** Who promotes; the user of this process unless given. */
  readonly mover?: Mover;
};

export type RollbackModelOptions = WithEngine<Omit<RollbackOptions, "mover">> & {
  /** Who rolls back; the user of this process unless given. */
  readonly mover?: Mover;
};

export interface RegisterModelOptions
  extends Pick<RegisterOptions, "name" | "description" | "alias" | "force">,
    LineageOptions {
  /** A bundle's path; or `runs:/ID/model`, `models:/m-ID`, another version's address. */
  readonly model: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Who registers it; the user of this process unless given. */
  readonly mover?: Mover;
}

export interface LineageOptions {
  /** Where relative paths start from; the current folder unless given. */
  readonly folder?: string;
}

export interface TraceServiceOptions extends LineageOptions {
  /** An API key or a token of the service. */
  readonly key?: string;
  readonly signal?: AbortSignal;
  readonly fetch?: typeof globalThis.fetch;
}

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

export const registerModelOptions = optionsSchema<RegisterModelOptions>({
  name: Text,
  model: Text,
  description: OptionalText,
  tags: Type.Optional(Type.Record(Type.String(), Type.String())),
  alias: OptionalText,
  force: Flag,
  mover: MoverOption,
  folder: OptionalText,
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
