/** Bundles by their addresses on web servers, and the place where downloads are kept. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DownloadOptions } from "../base/files/download.ts";
import { largestFileBytes } from "../base/files/read-file.ts";
import type { BundleSource } from "../bundle/bundle-source.ts";
import { parseBundleUrl } from "../bundle/bundle-url.ts";
import { readUrlBundle, type UrlBundle, type UrlBundleOptions, urlSource } from "../bundle/url-source.ts";

export interface BundleUrlOptions extends Pick<DownloadOptions, "signal" | "progress"> {
  /** The working folder; its `.pawprint/bundles` keeps them. Unless given: the process's own. */
  readonly folder?: string;
  readonly maximumBytes?: number;
}

/** Errors: MODEL_SOURCE_INVALID; nothing is asked for yet. */
export function openUrlSource(address: string, options: BundleUrlOptions): BundleSource {
  return urlSource(parseBundleUrl(address), cachesFor(options));
}

/** Errors: MODEL_SOURCE_INVALID, and those of `readUrlBundle`. */
export async function readBundleAtUrl(address: string, options: BundleUrlOptions = {}): Promise<UrlBundle> {
  return readUrlBundle(parseBundleUrl(address), cachesFor(options));
}

/** In a container whose file system is read-only, the folder for temporary files is left. */
function cachesFor({
  folder = ".",
  maximumBytes = largestFileBytes,
  signal,
  progress,
}: BundleUrlOptions): UrlBundleOptions {
  return {
    cache: join(folder, ".pawprint", "bundles"),
    sharedCache: join(tmpdir(), `pawprint-bundles-${process.getuid?.() ?? "user"}`),
    maximumBytes,
    ...(signal && { signal }),
    ...(progress && { progress }),
  };
}
