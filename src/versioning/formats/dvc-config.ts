/** `.dvc/config` and `.dvc/config.local`, together with the user's and the system's. */
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { AppError, isAppError } from "../../base/errors.ts";
import { readBytes } from "../../base/files/read-file.ts";
import { pathSettings, requireKnown, requireRemoteKeys } from "./config-keys.ts";
import { type ConfigSections, type ConfigValue, parseConfig } from "./config-text.ts";

/** What files are checked out as; the first that the file system supports is used. */
export const linkTypes = ["reflink", "hardlink", "symlink", "copy"] as const;
export type LinkType = (typeof linkTypes)[number];

/** One `['remote "name"']`. */
export interface RemoteConfig {
  readonly name: string;
  /** `s3://bucket/prefix`, or an absolute path. */
  readonly url: string;
  /** All other settings, as they were written: `endpointurl`, `region`, `profile`, `jobs`, ... */
  readonly settings: ReadonlyMap<string, string>;
}

export interface DvcConfig {
  readonly core: {
    /** The name of the default remote. */
    readonly remote?: string;
    readonly isWithoutGit: boolean;
    /** `core.autostage`: `.dvc` files are added to Git's index. */
    readonly autostage: boolean;
    /** `core.hardlink_lock`: DVC locks by a hard link instead of flock(2). */
    readonly hardlinkLock: boolean;
  };
  readonly cache: {
    /** Absolute, where configured. */
    readonly folder?: string;
    /** In order of preference; `reflink, copy` unless configured. */
    readonly linkTypes: readonly LinkType[];
    /** `cache.shared = group`: objects are group-writable. */
    readonly isShared: boolean;
  };
  readonly remotes: ReadonlyMap<string, RemoteConfig>;
}

const largestBytes = 1 << 20;

/** The levels in ascending precedence. */
export function configFiles(dvcFolder: string): readonly string[] {
  const { DVC_SYSTEM_CONFIG_DIR, DVC_GLOBAL_CONFIG_DIR, XDG_CONFIG_HOME } = process.env;
  return [
    join(DVC_SYSTEM_CONFIG_DIR ?? "/etc/xdg/dvc", "config"),
    join(DVC_GLOBAL_CONFIG_DIR ?? join(XDG_CONFIG_HOME ?? join(homedir(), ".config"), "dvc"), "config"),
    join(dvcFolder, "config"),
    join(dvcFolder, "config.local"),
  ];
}

/** One level as it is; empty where there is no file. Errors: DATA_CONFIG_INVALID, FILE_READ_FAILED. */
export async function readConfigFile(path: string): Promise<ConfigSections> {
  try {
    return parseConfig((await readBytes(path, path, largestBytes)).toString("utf8"), path);
  } catch (error) {
    if (isAppError(error, "FILE_NOT_FOUND")) return new Map();
    throw error;
  }
}

/** All levels as one. Errors: DATA_CONFIG_INVALID, DATA_FEATURE_UNSUPPORTED, FILE_READ_FAILED. */
export async function readDvcConfig(dvcFolder: string): Promise<DvcConfig> {
  const merged = new Map<string, Map<string, ConfigValue>>();
  for (const path of configFiles(dvcFolder)) {
    for (const [name, values] of await readConfigFile(path)) {
      const section = merged.get(name) ?? new Map<string, ConfigValue>();
      for (const [key, value] of values)
        section.set(
          key,
          mapPath(name, key, value, (text) => absolute(text, dirname(path))),
        );
      merged.set(name, section);
    }
  }
  const where = join(dvcFolder, "config");
  requireKnown(merged, where);
  const textOf = (section: string, key: string): string | undefined =>
    single(merged.get(section)?.get(key), key, where);
  const flag = (key: string): boolean => flagOf(textOf("core", key), `core.${key}`, where);
  const remote = textOf("core", "remote")?.toLowerCase();
  const folder = textOf("cache", "dir");
  return {
    core: {
      ...(remote !== undefined && { remote }),
      isWithoutGit: flag("no_scm"),
      autostage: flag("autostage"),
      hardlinkLock: flag("hardlink_lock"),
    },
    cache: {
      ...(folder !== undefined && { folder }),
      linkTypes: readLinkTypes(merged.get("cache")?.get("type"), where),
      isShared: readShared(textOf("cache", "shared"), where),
    },
    remotes: readRemotes(merged, where),
  };
}

function single(value: ConfigValue | undefined, name: string, where: string): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw invalid(`one value under ${name}, in quotes where it has a comma`, `${value.length} of them`, where);
}

/** The value with `edit` applied where it is a path. */
export function mapPath(section: string, key: string, value: ConfigValue, edit: (path: string) => string): ConfigValue {
  const isPath = section === "cache" ? key === "dir" : section.startsWith('remote "') && pathSettings.includes(key);
  return isPath && typeof value === "string" ? edit(value) : value;
}

export function isAddress(text: string): boolean {
  return /^\w+:\/\//.test(text);
}

/** Paths start from the folder of the file that has them. */
function absolute(value: string, folder: string): string {
  return isAddress(value) ? value : resolve(folder, value.replace(/^~(?=\/|$)/, homedir()));
}

function readRemotes(sections: ConfigSections, where: string): ReadonlyMap<string, RemoteConfig> {
  const remotes = new Map<string, RemoteConfig>();
  const read = (name: string, behind: readonly string[]): RemoteConfig | undefined => {
    const values = sections.get(`remote "${name}"`);
    if (values === undefined) return undefined;
    const settings = new Map(
      [...values].map(([key, value]) => [key, single(value, `the remote '${name}', ${key}`, where) ?? ""]),
    );
    const own = settings.get("url");
    if (own === undefined) throw invalid("a url of each remote", `none of '${name}'`, where);
    const [, base, path] = /^remote:\/\/([^/]+)\/?(.*)$/.exec(own) ?? [];
    if (base !== undefined && behind.includes(base))
      throw invalid("remotes that do not stand behind each other", `'${base}'`, where);
    const parent = base === undefined ? undefined : read(base.toLowerCase(), [...behind, name]);
    if (base !== undefined && parent === undefined)
      throw invalid("the name of a remote behind remote://", `'${base}'`, where);
    const url = parent === undefined ? own : `${parent.url.replace(/\/+$/, "")}/${path}`.replace(/\/$/, "");
    requireRemoteKeys(name, url, settings.keys(), where);
    settings.delete("url");
    return { name, url, settings: new Map([...(parent?.settings ?? []), ...settings]) };
  };
  for (const section of sections.keys()) {
    const name = /^remote "(.*)"$/.exec(section)?.[1];
    const remote = name === undefined ? undefined : read(name, [name]);
    if (remote !== undefined) remotes.set(remote.name, remote);
  }
  return remotes;
}

function readLinkTypes(value: ConfigValue | undefined, where: string): readonly LinkType[] {
  if (value === undefined) return ["reflink", "copy"];
  return (typeof value === "string" ? value.split(",") : value).map((word) => {
    const type = linkTypes.find((known) => known === word.trim());
    if (type !== undefined) return type;
    throw invalid(`a link type: ${linkTypes.join(", ")}`, `'${word.trim()}'`, `${where}, cache.type`);
  });
}

function readShared(text: string | undefined, where: string): boolean {
  if (text === undefined) return false;
  if (text.toLowerCase() === "group") return true;
  throw invalid("'group' under cache.shared", `'${text}'`, where);
}

/** As DVC reads truth. Errors: DATA_CONFIG_INVALID. */
export function flagOf(text: string | undefined, name: string, where: string): boolean {
  if (text === undefined) return false;
  const word = text.toLowerCase();
  if (["true", "1", "y", "yes", "on", "enable"].includes(word)) return true;
  if (["false", "0", "n", "no", "off", "disable"].includes(word)) return false;
  throw invalid(`true or false under ${name}`, `'${text}'`, where);
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("DATA_CONFIG_INVALID", { required, received, where });
}
