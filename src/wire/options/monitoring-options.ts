/** The options of `measurePredictionLog`. */
import { Type } from "typebox";
import { optionsSchema, ProgressOption, SignalOption, Text } from "../../base/schema/options.ts";
import type { MeasureLogOptions } from "../../monitor/measure-log.ts";

export interface MonitorLogOptions extends Omit<MeasureLogOptions, "reference"> {
  /** A file that exists, or `postgres://user:password@host/database`. */
  readonly predictionLog: string;
  /** A bundle's path, whose reference is that of versions without one. */
  readonly reference?: string;
}

const Moment = Type.Optional(Type.Number());

export const monitorLogOptions = optionsSchema<MonitorLogOptions>({
  predictionLog: Text,
  reference: Type.Optional(Text),
  range: Type.Optional(
    Type.Object({ fromMs: Moment, untilMs: Moment, version: Type.Optional(Text) }, { additionalProperties: false }),
  ),
  window: Type.Optional(
    Type.Union([
      Type.Object({ count: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
      Type.Object({ ms: Type.Number({ exclusiveMinimum: 0 }) }, { additionalProperties: false }),
    ]),
  ),
  falseAlarmRate: Type.Optional(Type.Number({ minimum: 0.0001, maximum: 0.2 })),
  toldApart: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
  progress: ProgressOption,
  signal: SignalOption,
});
