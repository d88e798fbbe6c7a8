/** The flags about runs and models, and what they, the file and the environment come to. */
import { parseBoundedJson } from "../base/bounded-json.ts";
import { configLeaves } from "../base/config/config-leaves.ts";
import { AppError } from "../base/errors.ts";
import { matchesSchema } from "../base/schema/matches-schema.ts";
import { shellWord } from "../base/shell-word.ts";
import { type TrackingAccess, trackingAccess, withoutCredentials } from "../tracking/tracking-access.ts";
import { type TrackingConfig, trackingConfigSchema } from "../tracking/tracking-config.ts";
import type { TrackingOptions } from "../wire/recording.ts";
import { openRecordingStore } from "../wire/tracking.ts";
import type { CommandContext, OptionSpec, OptionValues } from "./frame/command.ts";
import { pathFrom, spoolsFolder } from "./paths.ts";
import { loadPawprintConfig, optionsOf } from "./pawprint-config.ts";

/** Where runs and models are: for every command that reads them. */
export const storeOptions = optionsOf(trackingConfigSchema, ["trackingUri", "trackingCaFile", "trackingTimeoutMs"]);

const offOption = {
  name: "tracking",
  type: "boolean",
  hasNoDefault: true,
  doc: "record this as a run; on unless tracking.enabled is false",
} as const satisfies OptionSpec;

/** For a command that adds to a run that is there. */
export const recordingOptions = [...storeOptions, offOption] as const;

/** For a command that makes a run. */
export const trackingOptions = [
  ...recordingOptions,
  ...optionsOf(trackingConfigSchema, ["experiment", "runName", "parentRun", "metricSteps", "logCheckpoints"]),
  {
    name: "tag",
    type: "string",
    placeholder: "KEY=VALUE",
    repeatable: true,
    doc: "tag of the run, or several as JSON",
  },
] as const satisfies readonly OptionSpec[];

/** A command's line with the place that was given as a flag; a user and password stay out of it. */
export function storeLine(line: string, { trackingUri }: Partial<OptionValues<typeof storeOptions>>): string {
  return trackingUri === undefined ? line : `${line} --tracking-uri ${shellWord(withoutCredentials(trackingUri))}`;
}

type Context = Pick<CommandContext, "cwd" | "env">;
type GivenOptions = Partial<OptionValues<typeof trackingOptions>>;

/**
 * The settings of a command: its flags over environment over `pawprint.yaml`, or over `file`. A tag
 * that is given stands beside those of the file.
 * Errors: CLI_USAGE and those of `loadPawprintConfig`.
 */
export async function trackingSettings(
  context: Context,
  { tag = [], tracking, ...options }: GivenOptions,
  file?: string,
): Promise<TrackingConfig> {
  const flags = { ...options, enabled: tracking };
  const { tracking: config } = await loadPawprintConfig(context, "tracking", flags, file);
  const tags = { ...config.tags, ...Object.fromEntries(tag.flatMap(readTags)) };
  return Object.keys(tags).length === 0 ? config : { ...config, tags };
}

/** Where a command reads runs and models. Errors: those of `trackingSettings`; TRACKING_URI_INVALID. */
export async function trackingAccessFor(
  context: Context,
  options: GivenOptions,
  file?: string,
): Promise<TrackingAccess> {
  return accessOf(context, await trackingSettings(context, options, file));
}

/** The same from settings. Errors: TRACKING_URI_INVALID. */
export function accessOf({ cwd, env }: Context, settings: TrackingConfig): TrackingAccess {
  return trackingAccess(settings, env, (path) => pathFrom(cwd, path));
}

/** What a command gives to the functions that record; close it when they are done. */
export interface CommandTracking {
  readonly tracking: TrackingOptions | false;
  close(): Promise<void>;
}

/**
 * Opens the store of a command that records, unless it is not to. `source` names the command,
 * `experiment` is what stands where none is given, `file` the configuration in place of
 * `pawprint.yaml`.
 * Errors: those of `trackingAccessFor` and of opening the store.
 */
export async function openTracking(
  context: Context & Pick<CommandContext, "logger">,
  options: GivenOptions,
  { source, experiment, file }: { readonly source: string; readonly experiment: string; readonly file?: string },
): Promise<CommandTracking> {
  const settings = await trackingSettings(context, options, file);
  if (!settings.enabled) return { tracking: false, close: async () => undefined };
  const spoolFolder = pathFrom(context.cwd, spoolsFolder);
  const store = await openRecordingStore(accessOf(context, settings), { spoolFolder, logger: context.logger });
  const tracking = {
    ...settings,
    store,
    source,
    folder: context.cwd,
    experiment: settings.experiment ?? (context.env.MLFLOW_EXPERIMENT_NAME || experiment),
  };
  return { tracking, close: () => store.close() };
}

/**
 * The settings as variables of the environment, for a command in a process of its own: an address
 * may hold a password, which files and lists of processes would show.
 */
export function trackingEnvironment(settings: Partial<TrackingConfig>): Readonly<Record<string, string>> {
  const values: Readonly<Record<string, unknown>> = settings;
  return Object.fromEntries(
    configLeaves(trackingConfigSchema, ["tracking"]).flatMap(({ key, environmentName }) => {
      const value = values[key.slice("tracking.".length)];
      if (value === undefined) return [];
      return [[environmentName, typeof value === "object" ? JSON.stringify(value) : String(value)] as const];
    }),
  );
}

/** `team=pets`, or `{"team":"pets"}`. */
function readTags(text: string): readonly (readonly [key: string, value: string])[] {
  if (text.startsWith("{")) {
    const tags = parsed(text);
    if (isTags(tags)) return Object.entries(tags);
  } else {
    const at = text.indexOf("=");
    if (at > 0) return [[text.slice(0, at), text.slice(at + 1)]];
  }
  throw new AppError("CLI_USAGE", {
    required: "KEY=VALUE, or a JSON object of texts, for --tag",
    received: JSON.stringify(text),
    hint: "for example --tag team=pets",
  });
}

function parsed(text: string): unknown {
  try {
    return parseBoundedJson(text);
  } catch {
    return undefined; // the caller refuses the text
  }
}

function isTags(value: unknown): value is Readonly<Record<string, string>> {
  return matchesSchema(trackingConfigSchema.properties.tags, value);
}
