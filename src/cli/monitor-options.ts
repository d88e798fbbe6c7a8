/** What the commands of monitoring have in common: the log, its range, and how it is tested. */
import { AppError } from "../base/errors.ts";
import { leastWindow } from "../monitor/drift-tests.ts";
import type { WindowSize } from "../monitor/measure-log.ts";
import { serveConfigSchema } from "../server/serve-config.ts";
import type { MonitorLogOptions } from "../wire/options/monitoring-options.ts";
import type { CommandContext } from "./frame/command.ts";
import { pathFrom } from "./paths.ts";
import { loadPawprintConfig, optionsOf } from "./pawprint-config.ts";
import { momentOf, spanMs } from "./time-options.ts";

export const monitorOptions = [
  ...optionsOf(serveConfigSchema, ["predictionLog", "keepPictures"]),
  { name: "since", type: "string", placeholder: "7d|TIME", doc: "no predictions before: a span until now, or a time" },
  { name: "until", type: "string", placeholder: "1d|TIME", doc: "no predictions from then on" },
  { name: "modelVersion", type: "string", placeholder: "VERSION", doc: "predictions of one version alone" },
  {
    name: "window",
    type: "string",
    placeholder: "200|1d",
    doc: "predictions of a version in a window, or its time; a fiftieth of all predictions, 200 at least, unless given",
  },
  {
    name: "falseAlarmRate",
    type: "number",
    min: 0.0001,
    max: 0.2,
    doc: "share of windows without drift that may raise an alarm; 0.01 unless given",
  },
  {
    name: "reference",
    type: "string",
    placeholder: "BUNDLE",
    doc: "a bundle whose reference is that of versions which have none",
  },
] as const;

interface Given {
  readonly predictionLog?: string | undefined;
  readonly keepPictures?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly modelVersion?: string | undefined;
  readonly window?: string | undefined;
  readonly falseAlarmRate?: number | undefined;
  readonly reference?: string | undefined;
}

export interface MonitorSettings {
  readonly log: MonitorLogOptions;
  readonly keepPictures: string | undefined;
}

/** With the service's own places where none are given. Errors: CLI_USAGE; those of the configuration. */
export async function monitorSettings(context: CommandContext, given: Given): Promise<MonitorSettings> {
  const { cwd, signal, progress, now } = context;
  const { predictionLog, keepPictures } = (
    await loadPawprintConfig(context, "serve", {
      ...(given.predictionLog !== undefined && { predictionLog: given.predictionLog }),
      ...(given.keepPictures !== undefined && { keepPictures: given.keepPictures }),
    })
  ).serve;
  if (predictionLog === undefined) {
    throw new AppError("CLI_USAGE", {
      required: "the prediction log of a service, by --prediction-log or serve.predictionLog of pawprint.yaml",
      received: "none",
      where: "--prediction-log",
      hint: "a service keeps one with: pawprint serve MODEL --prediction-log .pawprint/predictions.db",
    });
  }
  const { since, until, modelVersion, window, falseAlarmRate, reference } = given;
  const range = {
    ...(since !== undefined && { fromMs: momentOf(since, "--since", now()) }),
    ...(until !== undefined && { untilMs: momentOf(until, "--until", now()) }),
    ...(modelVersion !== undefined && { version: modelVersion }),
  };
  const log: MonitorLogOptions = {
    predictionLog: pathFrom(cwd, predictionLog),
    range,
    ...(window !== undefined && { window: windowOf(window) }),
    ...(falseAlarmRate !== undefined && { falseAlarmRate }),
    ...(reference !== undefined && { reference: pathFrom(cwd, reference) }),
    signal,
    progress,
  };
  return { log, keepPictures: keepPictures === undefined ? undefined : pathFrom(cwd, keepPictures) };
}

function windowOf(text: string): WindowSize {
  const ms = spanMs(text);
  if (ms !== undefined) return { ms };
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count >= leastWindow) return { count };
  throw new AppError("CLI_USAGE", {
    required: `a number of predictions from ${leastWindow}, or a span such as 1h or 1d`,
    received: JSON.stringify(text.slice(0, 40)),
    where: "--window",
  });
}
