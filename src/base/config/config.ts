/**
 * The configuration: flags over environment over `pawprint.yaml` over defaults, parsed once into a
 * frozen object.
 */
import type { Static, TObject, TSchema } from "typebox";
import { AppError } from "../errors.ts";
import { type DeepReadonly, deepFreeze } from "../freeze.ts";
import { hintForName } from "../nearest.ts";
import { describeSchema } from "../schema/describe-schema.ts";
import { jsonSchemaOf } from "../schema/json-schema.ts";
import { matchesSchema } from "../schema/matches-schema.ts";
import { readConfigFile } from "./config-file.ts";
import { type ConfigLeaf, configLeaves, environmentPrefix, isSection, parseForSchema } from "./config-leaves.ts";

export interface ConfigInput<T extends TObject> {
  /** Sections are objects, leaves everything else; a `default` stands at the leaf. */
  readonly schema: T;
  /** Values by key (`train.batchSize`), as text or already parsed; undefined is "not given". */
  readonly flags?: Readonly<Record<string, unknown>>;
  /**
   * Environment variables; only names that begin with PAWPRINT_ are looked at, and those must
   * exist.
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly fileText?: string;
  /** How the file is called in messages. Default `pawprint.yaml`. */
  readonly fileName?: string;
}

/**
 * Variables that begin alike and are no configuration: `repro` names its stage in one, image and
 * deployment say which code runs, one is the secret of a webhook, the others tell tests and benchmarks where things of theirs are.
 */
const otherVariables: ReadonlySet<string> = new Set([
  "PAWPRINT_PIPELINE_STAGE",
  "PAWPRINT_GIT_COMMIT",
  "PAWPRINT_GIT_TAG",
  "PAWPRINT_IMAGE_DIGEST",
  "PAWPRINT_WEBHOOK_SECRET",
  "PAWPRINT_TEST_DATA",
  "PAWPRINT_TEST_BROWSER",
  "PAWPRINT_TEST_MLFLOW_STORE",
  "PAWPRINT_PEER_PYTHON",
]);

interface Given {
  readonly value: unknown;
  readonly isDefault: boolean;
}

/**
 * Joins the four sources. Every value of every source is checked, also one that a higher source
 * overrides.
 * Throws CONFIG_INVALID, CONFIG_UNKNOWN_KEY or CONFIG_UNREADABLE, naming the flag, variable or
 * line.
 */
export function loadConfig<T extends TObject>(input: ConfigInput<T>): DeepReadonly<Static<T>> {
  const { schema, flags = {}, env = {}, fileText = "", fileName = "pawprint.yaml" } = input;
  const leaves = configLeaves(schema);
  const byKey = new Map(leaves.map((leaf) => [leaf.key, leaf]));
  const given = new Map<string, Given>();
  const give = (leaf: ConfigLeaf, value: unknown, where: string): void => {
    given.set(leaf.key, { value: checked(leaf, value, where), isDefault: false });
  };

  for (const { key, value, where } of readConfigFile(schema, fileText, fileName)) {
    give(byKey.get(key)!, value, where);
  }
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(environmentPrefix)) continue;
    if (isServiceLink(name, text) || otherVariables.has(name)) continue;
    const leaf = leaves.find((candidate) => candidate.environmentName === name);
    if (leaf === undefined) throw unknownName("environment", name, leaves, (known) => known.environmentName);
    give(leaf, parseForSchema(leaf.schema, text), `environment ${name}`);
  }
  for (const [key, flag] of Object.entries(flags)) {
    if (flag === undefined) continue;
    const leaf = byKey.get(key);
    if (leaf === undefined) throw unknownName("flags", key, leaves, (known) => known.key);
    const value = typeof flag === "string" ? parseForSchema(leaf.schema, flag) : flag;
    give(leaf, value, `flag ${leaf.flagName}`);
  }
  for (const leaf of leaves) {
    const value = structuredClone(jsonSchemaOf(leaf.schema).default);
    if (given.has(leaf.key) || value === undefined) continue;
    given.set(leaf.key, { value: checked(leaf, value, "default"), isDefault: true });
  }

  const config = buildSection(schema, [], given, byKey);
  return deepFreeze(config as Static<T>); // each leaf was checked above
}

/**
 * Kubernetes and Docker links tell a container of every Service in variables; one named `pawprint`
 * would otherwise set PAWPRINT_PORT to `tcp://10.0.0.1:80`.
 */
function isServiceLink(name: string, text: string): boolean {
  return (
    /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith("_PORT") && /^(tcp|udp|sctp):\/\//.test(text))
  );
}

function checked(leaf: ConfigLeaf, value: unknown, where: string): unknown {
  if (matchesSchema(leaf.schema, value)) return value;
  throw new AppError("CONFIG_INVALID", {
    required: `${describeSchema(leaf.schema)} for ${leaf.key}`,
    received: JSON.stringify(value),
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

/**
 * An optional section appears where somebody set a value in it; its defaults alone do not bring it
 * to life.
 */
function isSetBelow(key: string, given: ReadonlyMap<string, Given>): boolean {
  return [...given].some(([other, entry]) => other.startsWith(`${key}.`) && !entry.isDefault);
}

function missing(leaf: ConfigLeaf): AppError {
  return new AppError("CONFIG_INVALID", {
    required: `${describeSchema(leaf.schema)} for ${leaf.key}`,
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
    required: "a known configuration key",
    received,
    where,
    ...(hint === undefined ? {} : { hint }),
  });
}
