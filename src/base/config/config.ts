/** The configuration: flags over environment over `pawprint.yaml` over defaults, parsed once into a frozen object. */
import type { Static, TObject, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { AppError } from "../errors.ts";
import { type DeepReadonly, deepFreeze } from "../freeze.ts";
import { hintForName } from "../nearest.ts";
import { readConfigFile } from "./config-file.ts";
import {
  type ConfigLeaf,
  configLeaves,
  describeSchema,
  environmentPrefix,
  isSection,
  parseForSchema,
} from "./config-schema.ts";

export interface ConfigInput<T extends TObject> {
  /**
   * Sections are objects, leaves everything else; a `default` stands at the leaf. Two annotations are read:
   * `flag: "name"` where the flag is not the key's last part, `secret: true` for a value that must not be printed.
   */
  readonly schema: T;
  /** Values by key (`train.batchSize`), as text or already parsed; undefined is "not given". */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Environment variables; only names that begin with PAWPRINT_ are looked at, and those must exist. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly fileText?: string;
  /** How the file is called in messages. Default `pawprint.yaml`. */
  readonly fileName?: string;
}

/** Variables that begin alike and are no configuration: they tell tests and benchmarks where things of theirs are. */
const developmentVariables: ReadonlySet<string> = new Set([
  "PAWPRINT_TEST_DATA",
  "PAWPRINT_TEST_BROWSER",
  "PAWPRINT_PEER_PYTHON",
]);

/** One row of "which value holds, and who set it". */
export interface ConfigEntry {
  readonly key: string;
  /** The value in force; `(hidden)` for a secret. */
  readonly value: unknown;
  readonly source: "flag" | "environment" | "file" | "default";
  /** `flag --epochs`, `environment PAWPRINT_TRAIN_EPOCHS`, `pawprint.yaml line 3`, `default`. */
  readonly where: string;
}

export interface LoadedConfig<T extends TObject> {
  readonly config: DeepReadonly<Static<T>>;
  readonly entries: readonly ConfigEntry[];
}

interface Given {
  readonly value: unknown;
  readonly source: ConfigEntry["source"];
  readonly where: string;
}

/**
 * Joins the four sources. Every value of every source is checked, also one that a higher source overrides.
 * Throws CONFIG_INVALID, CONFIG_UNKNOWN_KEY or CONFIG_UNREADABLE, naming the flag, variable or line.
 */
export function loadConfig<T extends TObject>(input: ConfigInput<T>): LoadedConfig<T> {
  const { schema, flags = {}, env = {}, fileText = "", fileName = "pawprint.yaml" } = input;
  const leaves = configLeaves(schema);
  const byKey = new Map(leaves.map((leaf) => [leaf.key, leaf]));
  const given = new Map<string, Given>();
  const give = (leaf: ConfigLeaf, entry: Given): void => {
    given.set(leaf.key, { ...entry, value: checked(leaf, entry.value, entry.where) });
  };

  for (const { key, value, where } of readConfigFile(schema, fileText, fileName)) {
    give(byKey.get(key)!, { value, source: "file", where });
  }
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(environmentPrefix)) continue;
    if (isServiceLink(name, text) || developmentVariables.has(name)) continue;
    const leaf = leaves.find((candidate) => candidate.environmentName === name);
    if (leaf === undefined) throw unknownName("environment", name, leaves, (known) => known.environmentName);
    give(leaf, { value: parseForSchema(leaf.schema, text), source: "environment", where: `environment ${name}` });
  }
  for (const [key, flag] of Object.entries(flags)) {
    if (flag === undefined) continue;
    const leaf = byKey.get(key);
    if (leaf === undefined) throw unknownName("flags", key, leaves, (known) => known.key);
    const value = typeof flag === "string" ? parseForSchema(leaf.schema, flag) : flag;
    give(leaf, { value, source: "flag", where: `flag ${leaf.flagName}` });
  }
  for (const leaf of leaves) {
    if (given.has(leaf.key) || leaf.schema.default === undefined) continue;
    give(leaf, { value: structuredClone(leaf.schema.default), source: "default", where: "default" });
  }

  const config = buildSection(schema, [], given, byKey);
  const entries = leaves.flatMap((leaf): ConfigEntry[] => {
    const entry = given.get(leaf.key);
    return entry === undefined ? [] : [{ key: leaf.key, ...entry, ...(leaf.isSecret ? { value: "(hidden)" } : {}) }];
  });
  return { config: deepFreeze(config as Static<T>), entries: deepFreeze(entries) }; // each leaf was checked above
}

/**
 * Kubernetes and Docker links tell a container of every Service in variables; one named `pawprint` would otherwise set
 * PAWPRINT_PORT to `tcp://10.0.0.1:80`.
 */
function isServiceLink(name: string, text: string): boolean {
  return (
    /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith("_PORT") && /^(tcp|udp|sctp):\/\//.test(text))
  );
}

function checked(leaf: ConfigLeaf, value: unknown, where: string): unknown {
  if (Value.Check(leaf.schema, value)) return value;
  throw new AppError("CONFIG_INVALID", {
    required: `${leaf.key} expects ${describeSchema(leaf.schema)}`,
    received: leaf.isSecret ? "a hidden value" : JSON.stringify(value),
    where,
  });
}

function buildSection(
  schema: TObject,
  path: readonly string[],
  given: ReadonlyMap<string, Given>,
  byKey: ReadonlyMap<string, ConfigLeaf>,
): Record<string, unknown> {
  const section: Record<string, unknown> = {};
  for (const [name, part] of Object.entries<TSchema>(schema.properties)) {
    const way = [...path, name];
    const key = way.join(".");
    const required = schema.required?.includes(name) ?? false;
    if (isSection(part)) {
      if (required || isSetBelow(key, given)) section[name] = buildSection(part, way, given, byKey);
      continue;
    }
    const entry = given.get(key);
    if (entry !== undefined) section[name] = entry.value;
    else if (required) throw missing(byKey.get(key)!);
  }
  return section;
}

/** An optional section appears where somebody set a value in it; its defaults alone do not bring it to life. */
function isSetBelow(key: string, given: ReadonlyMap<string, Given>): boolean {
  return [...given].some(([other, entry]) => other.startsWith(`${key}.`) && entry.source !== "default");
}

function missing(leaf: ConfigLeaf): AppError {
  return new AppError("CONFIG_INVALID", {
    required: `${leaf.key} expects ${describeSchema(leaf.schema)}`,
    received: "no value",
    hint: `give ${leaf.flagName}, set ${leaf.environmentName}, or write ${leaf.key} in the configuration file`,
  });
}

function unknownName(
  where: string,
  received: string,
  leaves: readonly ConfigLeaf[],
  nameOf: (leaf: ConfigLeaf) => string,
): AppError {
  const prefix = where === "environment" ? environmentPrefix : "";
  const bare = (name: string): string => name.slice(prefix.length);
  const hint = hintForName(
    bare(received),
    leaves.map((leaf) => bare(nameOf(leaf))),
    prefix,
  );
  return new AppError("CONFIG_UNKNOWN_KEY", {
    required: "a configuration key that exists",
    received,
    where,
    ...(hint === undefined ? {} : { hint }),
  });
}
