/** MLflow's rules for names, aliases, versions and tags of registered models, and who breaks them. */

import { AppError } from "../base/errors.ts";
import { shellWord } from "../base/shell-word.ts";
import { requireRunKey, requireText } from "../tracking/run-rules.ts";
import type { NewModelVersion } from "./model-registry.ts";

const aliasPattern = /^[\p{L}\p{N}_-]{1,255}$/u;
/** Taken for a version, or for the newest one. */
const reservedAlias = /^(latest|v\p{Nd}+)$/iu;
const largestValue = 100_000;
/** As MLflow's databases have it. */
const largestDescription = 5000;
const largestSource = 500;

/** Errors: TRACKING_VALUE_INVALID. */
export function requireModelName(name: string): void {
  if (name.trim() !== "" && !/[/:\p{Cc}\p{Cs}]/u.test(name) && isPlainPath(name) && name.length <= 256) return;
  throw invalid("a model's name of 1 to 256 characters without / and : and control characters, which is no path", name);
}

/** Errors: ALIAS_INVALID. */
export function requireAlias(alias: string): void {
  if (aliasPattern.test(alias) && !reservedAlias.test(alias)) return;
  throw new AppError("ALIAS_INVALID", {
    required: "an alias of letters, digits, _ and -, other than latest and v<number>",
    received: shown(alias),
    hint: "choose a name for what the version is for: champion, challenger",
  });
}

/** Errors: TRACKING_VALUE_INVALID. */
export function requireTag(key: string, value = ""): void {
  requireRunKey("tag", key);
  requireText(value, largestValue, `tag ${key}`);
}

/** Errors: TRACKING_VALUE_INVALID. */
export function requireDescription(text: string): void {
  requireText(text, largestDescription, "a description");
}

/** Errors: TRACKING_VALUE_INVALID. */
export function requireNewVersion({ source, description = "", tags = new Map() }: NewModelVersion): void {
  requireText(source, largestSource, "the source of a version");
  requireDescription(description);
  for (const [key, value] of tags) requireTag(key, value);
}

/** Whether `version` is the number of one, as MLflow counts them: from 1. */
export function isVersionNumber(version: string): boolean {
  return /^[1-9]\d{0,14}$/.test(version);
}

export function modelNotRegistered(name: string, where: string): AppError {
  return new AppError("MODEL_NOT_REGISTERED", {
    required: "a registered model of this name",
    received: shown(name),
    where,
    hint: "look at the names: `pawprint models list`",
  });
}

export function versionNotFound(name: string, version: string, where: string): AppError {
  return new AppError("MODEL_VERSION_NOT_FOUND", {
    required: `${/^\d+$/.test(version) ? "version" : "a version"} ${version} of the model ${name}`,
    received: "none",
    where,
    hint: `look at its versions and aliases: pawprint models show ${shellWord(name)}`,
  });
}

/** Names are files in a folder of runs: as a path, the name must be itself and lead nowhere else. */
function isPlainPath(name: string): boolean {
  if (name.startsWith("..") || name.startsWith("/")) return false;
  return name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function invalid(required: string, name: string): AppError {
  return new AppError("TRACKING_VALUE_INVALID", { required, received: shown(name) });
}

function shown(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}...` : name);
}
