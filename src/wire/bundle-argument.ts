/** A bundle as programs give it, as `bundle/` takes it. */

import { describeValue } from "../base/describe-value.ts";
import { AppError } from "../base/errors.ts";
import { pathOf } from "../base/files/file-path.ts";
import { type FileSource, parseFileSource } from "../base/files/file-source.ts";
import type { BundleInput } from "../bundle/load-bundle.ts";

/** Errors: ARGUMENT_INVALID for what is no file source, and no object that holds one. */
export async function readBundleArgument(given: FileSource | BundleInput): Promise<BundleInput> {
  const isInput = Object.prototype.toString.call(given) === "[object Object]";
  return isInput ? readInput(given as Partial<BundleInput>) : readFileSource(given, {}); // a plain object, by its tag
}

async function readInput(given: object): Promise<BundleInput> {
  const { path, bytes, where, ...others }: Readonly<Record<string, unknown>> = { ...given };
  const [stranger] = Object.keys(others);
  const isOne = (path === undefined) !== (bytes === undefined);
  if (!isOne || stranger !== undefined || (where !== undefined && typeof where !== "string")) {
    throw new AppError("ARGUMENT_INVALID", {
      required: "a bundle's path, its bytes, { path }, or { bytes, where }",
      received: describeValue(given),
      where: "bundle",
    });
  }
  return readFileSource(path ?? bytes, where === undefined ? {} : { where });
}

async function readFileSource(given: unknown, name: { readonly where?: string }): Promise<BundleInput> {
  const file = parseFileSource(given, "bundle");
  if (file.kind === "file") return { path: pathOf(file.path) };
  const bytes = file.kind === "bytes" ? file.bytes : new Uint8Array(await file.blob.arrayBuffer());
  return { bytes, ...name };
}
