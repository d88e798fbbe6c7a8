/** Paths as people give them and as they are shown. */
import { join, relative, resolve, sep } from "node:path";
import { isBundleUrl } from "../bundle/bundle-url.ts";
import { isServerAddress } from "../prediction-log/log-address.ts";
import { isModelAddress } from "../registry/model-address.ts";
import { isS3Address } from "../storage/s3-address.ts";

/**
 * Resolves a path of the command line against `cwd`; unchanged where that is the process's own
 * folder. An address (`s3://bucket/prefix`, `models:/NAME@ALIAS`, `https://host/file`) stays as it is.
 */
export function pathFrom(cwd: string, path: string): string {
  if (isAddress(path)) return path;
  return resolve(path) === resolve(cwd, path) ? path : resolve(cwd, path);
}

/** The path as it is shown: relative to `cwd` where it lies below it. An address stays as it is. */
export function shownPath(cwd: string, path: string): string {
  if (isAddress(path)) return path;
  const way = relative(cwd, resolve(cwd, path));
  return way === "" || way.startsWith(`..${sep}`) || way === ".." ? path : way;
}

function isAddress(path: string): boolean {
  return isS3Address(path) || isModelAddress(path) || isBundleUrl(path) || isServerAddress(path);
}

/** A name as it is, or as a JSON text where it holds blanks, line breaks or quotes. */
export function shownName(name: string): string {
  return /^[^\s"'\\\p{C}]+$/u.test(name) ? name : JSON.stringify(name);
}

/** Where train and evaluate keep packs; it can be deleted at any time. */
export const packsFolder = join(".pawprint", "packs");

/** Where runs for servers are until they are delivered. */
export const spoolsFolder = join(".pawprint", "spool");
