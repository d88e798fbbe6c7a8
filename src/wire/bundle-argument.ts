/** A bundle as programs give it, as `bundle/` takes it. */

import { describeValue } from "../base/describe-value.ts";
import { AppError } from "../base/errors.ts";
import { pathOf } from "../base/files/file-path.ts";
import { type FileSource, parseFileSource } from "../base/files/file-source.ts";
import { isBundleUrl } from "../bundle/bundle-url.ts";
import type { BundleInput } from "../bundle/load-bundle.ts";
import { isModelAddress } from "../registry/model-address.ts";
import type { ResolvedBundle } from "../registry/resolve-bundle.ts";

/**
 * A bundle as a program has it: its path, its bytes, or the same with a name for errors. In the place
 * of a path: the address of a registered or logged model (`models:/NAME@ALIAS`, `runs:/ID/model`), in
 * the store at `trackingUri` (unless given: MLFLOW_TRACKING_URI, else `runs`); or a URL with the
 * bundle's SHA-256 (`https://HOST/NAME.onnx#sha256=HEX`).
 */
export type BundleArgument = FileSource | BundleInput | { readonly path: string; readonly trackingUri?: string };

/**
 * What an address leads to is read here: the input holds its bytes.
 * Errors: ARGUMENT_INVALID for what is no file source, and no object that holds one; for an address
 * those of `readRegisteredBundle`, for a URL those of `readBundleAtUrl`.
 */
export async function readBundleArgument(given: BundleArgument): Promise<BundleInput | ResolvedBundle> {
  const isInput = Object.prototype.toString.call(given) === "[object Object]";
  return isInput ? readInput(given as Partial<BundleInput>) : readFileSource(given, {}); // a plain object, by its tag
}

async function readInput(given: object): Promise<BundleInput | ResolvedBundle> {
  const { path, bytes, where, trackingUri, ...others }: Readonly<Record<string, unknown>> = { ...given };
  const [stranger] = Object.keys(others);
  const isOne = (path === undefined) !== (bytes === undefined);
  const areTexts = [where, trackingUri].every((text) => text === undefined || typeof text === "string");
  if (!isOne || stranger !== undefined || !areTexts) {
    throw new AppError("ARGUMENT_INVALID", {
      required: "a bundle's path, its bytes, { path, trackingUri }, or { bytes, where }",
      received: describeValue(given),
      where: "bundle",
    });
  }
  return readFileSource(path ?? bytes, { where, trackingUri });
}

type Names = Readonly<Partial<Record<"where" | "trackingUri", unknown>>>;

async function readFileSource(given: unknown, { where, trackingUri }: Names): Promise<BundleInput | ResolvedBundle> {
  if (typeof given === "string" && isModelAddress(given)) {
    const { libraryAccess, readRegisteredBundle } = await import("./registered-bundles.ts");
    return readRegisteredBundle(given, libraryAccess(typeof trackingUri === "string" ? trackingUri : undefined));
  }
  if (typeof given === "string" && isBundleUrl(given)) {
    const { readBundleAtUrl } = await import("./bundle-urls.ts");
    const { bytes, where: shown } = await readBundleAtUrl(given);
    return { bytes, where: shown };
  }
  const file = parseFileSource(given, "bundle");
  if (file.kind === "file") return { path: pathOf(file.path) };
  const bytes = file.kind === "bytes" ? file.bytes : new Uint8Array(await file.blob.arrayBuffer());
  return typeof where === "string" ? { bytes, where } : { bytes };
}
