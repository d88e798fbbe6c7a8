/** Adds and removes remotes in `.dvc/config` and `.dvc/config.local`. */
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { AppError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { requireRemoteKeys, secretSettings } from "../formats/config-keys.ts";
import { type ConfigSections, type ConfigValue, editConfig, writeConfig } from "../formats/config-text.ts";
import { isAddress, mapPath, readConfigFile } from "../formats/dvc-config.ts";
import type { Repository } from "./repository.ts";

export interface RemoteEdit {
  readonly name: string;
  /** `s3://bucket/prefix`, or a path. */
  readonly url: string;
  /** Settings such as `endpointurl`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Make it the default. */
  readonly isDefault?: boolean;
  /** Into `config.local`, which Git does not keep: for secrets. */
  readonly local?: boolean;
  readonly force?: boolean;
}

/**
 * As `dvc remote add` and `dvc remote modify` write it: relative paths (from `folder`) are written from
 * the folder of the file, names in lower case. Secrets go into `config.local` alone.
 * Errors: FILE_EXISTS, DATA_CONFIG_INVALID.
 */
export async function addRemote(repository: Repository, edit: RemoteEdit, folder: string): Promise<void> {
  const { url, settings = {}, isDefault = false, local = false, force = false } = edit;
  const name = edit.name.toLowerCase();
  if (!/^[^"'[\]\s\p{Cc}][^"'[\]\p{Cc}]*$/u.test(name))
    throw invalid("a name without quotes and brackets", "another one");
  if (/\p{Cc}/u.test([url, ...Object.values(settings)].join(""))) {
    throw invalid("settings without control characters", "others", "write them as text");
  }
  const path = join(repository.dvcFolder, local ? "config.local" : "config");
  requireRemoteKeys(name, url, Object.keys(settings), path);
  const isSecret = (key: string): boolean => secretSettings.includes(key);
  const secret = hasPassword(url) ? "an address with a password" : Object.keys(settings).find(isSecret);
  if (secret !== undefined && !local) {
    throw invalid("secrets in .dvc/config.local, which Git does not keep", `${secret} for .dvc/config`, "add `local`");
  }
  const sections = await readConfigFile(path);
  const section = `remote "${name}"`;
  if (sections.has(section) && !force) {
    throw new AppError("FILE_EXISTS", {
      required: "a new name of a remote",
      received: `'${name}'`,
      where: path,
      hint: "replace it with `force`",
    });
  }
  const written = isAddress(url) || /^~(\/|$)/.test(url) || isAbsolute(url) ? url : resolve(folder, url);
  const isRelative = written !== url;
  const values = { url: isRelative ? posixRelative(dirname(path), written) : written, ...settings };
  const withDefault = isDefault ? editConfig(sections, "core", { remote: name }) : sections;
  // A section that is replaced keeps its place and none of its settings.
  const emptied = new Map(withDefault).set(section, new Map());
  await writeSections(path, editConfig(emptied, section, values));
}

/** Errors: DATA_REMOTE_UNKNOWN. */
export async function removeRemote(repository: Repository, given: string): Promise<void> {
  const name = given.toLowerCase();
  if (!repository.config.remotes.has(name)) throw unknownRemote(repository, name);
  for (const file of ["config", "config.local"]) {
    const path = join(repository.dvcFolder, file);
    const sections = await readConfigFile(path);
    const section = `remote "${name}"`;
    const isDefault = singleText(sections.get("core")?.get("remote"))?.toLowerCase() === name;
    if (!sections.has(section) && !isDefault) continue;
    const without = editConfig(sections, section, undefined);
    await writeSections(path, isDefault ? editConfig(without, "core", { remote: undefined }) : without);
  }
}

/** Errors: DATA_REMOTE_UNKNOWN. */
export async function setDefaultRemote(repository: Repository, given: string): Promise<void> {
  const name = given.toLowerCase();
  if (!repository.config.remotes.has(name)) throw unknownRemote(repository, name);
  const path = join(repository.dvcFolder, "config");
  await writeSections(path, editConfig(await readConfigFile(path), "core", { remote: name }));
}

/** Relative paths are written in their shortest form, as DVC does. */
async function writeSections(path: string, sections: ConfigSections): Promise<void> {
  const folder = dirname(path);
  const shortest = (text: string): string =>
    isAddress(text) || isAbsolute(text) || text.startsWith("~") ? text : posixRelative(folder, resolve(folder, text));
  const written = new Map(
    [...sections].map(([name, values]) => [
      name,
      new Map([...values].map(([key, value]) => [key, mapPath(name, key, value, shortest)])),
    ]),
  );
  await writeFileAtomic(path, writeConfig(written), { force: true });
}

function posixRelative(from: string, to: string): string {
  return relative(from, to).split(sep).join("/") || ".";
}

function singleText(value: ConfigValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Of `s3://user:password@bucket`. */
function hasPassword(url: string): boolean {
  return /^\w+:\/\/[^/@]*:[^@]*@/.test(url);
}

function unknownRemote({ config, dvcFolder }: Repository, name: string): AppError {
  const names = [...config.remotes.keys()];
  return new AppError("DATA_REMOTE_UNKNOWN", {
    required: names.length === 0 ? "the name of a remote" : `the name of a remote: ${names.join(", ")}`,
    received: `'${name}'`,
    where: join(dvcFolder, "config"),
  });
}

function invalid(required: string, received: string, hint?: string): AppError {
  return new AppError("DATA_CONFIG_INVALID", { required, received, ...(hint !== undefined && { hint }) });
}
