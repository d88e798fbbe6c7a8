/** The configuration of Pawprint, and its values as flags of a command. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Static, type TObject, Type } from "typebox";
import { loadConfig } from "../base/config/config.ts";
import { configLeaves } from "../base/config/config-leaves.ts";
import { readFailure, systemCodeOf } from "../base/files/file-failure.ts";
import { readText } from "../base/files/read-file.ts";
import { jsonSchemaOf } from "../base/schema/json-schema.ts";
import { shellPath } from "../base/shell-word.ts";
import { type SourceOptions, sourceOptionsOf, sourceOptionsSchema } from "../dataset/sources/source-options.ts";
import { promotionConfigSchema } from "../registry/promotion/promotion-config.ts";
import { serveConfigSchema } from "../server/serve-config.ts";
import { trackingConfigSchema } from "../tracking/tracking-config.ts";
import { trainConfigSchema } from "../train/plan/train-config.ts";
import type {
  BooleanOption,
  ChoiceOption,
  CommandContext,
  NumberOption,
  OptionSpec,
  OptionValues,
  StringOption,
} from "./frame/command.ts";
import { flagOf } from "./frame/command.ts";
import { pathFrom } from "./paths.ts";

/** What `pawprint.yaml` may hold. */
export const pawprintConfigSchema = Type.Object({
  train: trainConfigSchema,
  tracking: trackingConfigSchema,
  promotion: promotionConfigSchema,
  serve: serveConfigSchema,
});

const usualName = "pawprint.yaml";

type Section = keyof typeof pawprintConfigSchema.properties;

/**
 * Flags over environment over `pawprint.yaml` in the current folder, or over `file`, which must
 * then be there. `options` are a command's options; those that carry the name of a key of `section`
 * are its flags, the others are passed over.
 * Errors: CONFIG_INVALID, CONFIG_UNKNOWN_KEY, CONFIG_UNREADABLE, FILE_READ_FAILED, FILE_NOT_FOUND.
 */
export async function loadPawprintConfig(
  { cwd, env }: Pick<CommandContext, "cwd" | "env">,
  section: Section,
  options: Readonly<Record<string, unknown>>,
  file?: string,
) {
  const keys = Object.keys(pawprintConfigSchema.properties[section].properties);
  const flags = Object.fromEntries(keys.map((key) => [`${section}.${key}`, options[key]]));
  const fileText = await (file === undefined ? readConfigText(join(cwd, usualName)) : readText(pathFrom(cwd, file)));
  const config = loadConfig({ schema: pawprintConfigSchema, flags, env, fileText, fileName: file ?? usualName });
  return { ...config, train: { ...config.train, ...rootFrom(cwd, config.train) } };
}

/** The options about reading a source that a command was given, the root as a path. */
export function readingFrom(cwd: string, options: OptionValues<typeof readingOptions>): SourceOptions {
  return { ...sourceOptionsOf(options), ...rootFrom(cwd, options) };
}

/** The same as a part of a command line: ` --layout splits`; empty where none is given. */
export function readingFlags(options: OptionValues<typeof readingOptions>): string {
  return readingKeys
    .flatMap((key) => {
      const value = options[key];
      if (value === undefined || value === false) return [];
      return value === true ? [` ${flagOf(key)}`] : [` ${flagOf(key)} ${shellPath(String(value))}`];
    })
    .join("");
}

function rootFrom(cwd: string, { root }: { readonly root?: string | undefined }): { readonly root?: string } {
  return root === undefined ? {} : { root: pathFrom(cwd, root) };
}

/** The keys of a section that are values, not sections. */
type ValueKey<S extends TObject> = {
  [K in keyof S["properties"] & string]: S["properties"][K] extends { readonly properties: unknown } ? never : K;
}[keyof S["properties"] & string];

/** The option for key `K` whose values are of type `V`: lists and records are given as text. */
type OptionFor<K extends string, V> = { readonly name: K } & ([V] extends [boolean]
  ? BooleanOption & { readonly hasNoDefault: true }
  : [V] extends [string | number]
    ? string extends V
      ? StringOption
      : number extends V
        ? NumberOption
        : ChoiceOption & { readonly choices: readonly `${V}`[] }
    : StringOption);

type SectionOption<S extends TObject, K extends ValueKey<S>> = {
  [Key in K]: OptionFor<Key, Static<S["properties"][Key]>>;
}[K];

/**
 * A section's values as a command's options, or only those of `names`; what they accept is checked
 * where the configuration is loaded.
 */
export function optionsOf<S extends TObject, K extends ValueKey<S> = ValueKey<S>>(
  section: S,
  names?: readonly K[],
): readonly SectionOption<S, K>[] {
  const wanted: readonly string[] | undefined = names;
  const options = configLeaves(section)
    .filter(({ key }) => wanted?.includes(key) ?? !key.includes("."))
    .map(({ key, schema }): OptionSpec => {
      const { type, description, minimum, maximum, anyOf } = jsonSchemaOf(schema);
      const facts = { name: key, doc: String(description) };
      // A flag that is left out leaves the decision to the environment or the file.
      if (type === "boolean") return { ...facts, type: "boolean", hasNoDefault: true };
      if (anyOf !== undefined) {
        return { ...facts, type: "choice", choices: anyOf.map((choice) => String(jsonSchemaOf(choice).const)) };
      }
      if (type !== "integer" && type !== "number") {
        return { ...facts, type: "string", placeholder: placeholders[type ?? "string"] ?? "TEXT" };
      }
      return {
        ...facts,
        type,
        ...(minimum !== undefined && { min: minimum }),
        ...(maximum !== undefined && { max: maximum }),
      };
    });
  // SectionOption maps the static types as the lines above map the schemas.
  return options as unknown as readonly SectionOption<S, K>[];
}

const placeholders: Readonly<Record<string, string>> = { array: "LIST", object: "JSON" };

/** Of the train section: how a source is read. */
export const readingKeys = ["layout", "followLinks", "nameEncoding", "root"] as const;
/** The same as flags, for every command that opens a source. */
export const readingOptions = optionsOf(sourceOptionsSchema);

async function readConfigText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return "";
    throw readFailure(path, error);
  }
}
