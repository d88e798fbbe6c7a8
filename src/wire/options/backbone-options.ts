/** The options of the functions for backbones. */
import { Type } from "typebox";
import {
  Count,
  Flag,
  instanceOf,
  optionsSchema,
  ProgressOption,
  SignalOption,
  Text,
} from "../../base/schema/options.ts";
import type { FetchBackboneOptions } from "../../train/transfer/fetch-backbone.ts";
import type { InspectBackboneOptions } from "../../train/transfer/inspect-backbone.ts";

const Amount = Type.Optional(Type.Number({ minimum: 0 }));

export const inspectBackboneOptions = optionsSchema<InspectBackboneOptions>({ layer: Type.Optional(Text) });

export const fetchBackboneOptions = optionsSchema<FetchBackboneOptions>({
  to: Type.Optional(Text),
  licence: Type.Optional(Text),
  backboneInput: Type.Optional(Text),
  layer: Type.Optional(Text),
  force: Flag,
  catalogue: Type.Optional(
    instanceOf("a catalogue: entries by name", (value) => typeof value === "object" && value !== null),
  ),
  signal: SignalOption,
  progress: ProgressOption,
  attempts: Count,
  stallMs: Amount,
  waitMs: Amount,
});
