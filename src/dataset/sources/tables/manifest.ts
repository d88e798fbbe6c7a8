/** Labelled pictures that a CSV, TSV or JSONL file lists. */
import { type FileHandle, open, realpath } from "node:fs/promises";
import { dirname, posix } from "node:path";
import { AppError } from "../../../base/errors.ts";
import { readFailure } from "../../../base/files/file-failure.ts";
import { formatBytes } from "../../../base/quantity.ts";
import { nameFaultOf } from "../archives/entry-name.ts";
import { fileSamples, leadsBelow } from "../file-samples.ts";
import type { LabelledPath } from "../folder-layout.ts";
import { quoted, readLabel } from "../label.ts";
import type { Source } from "../source.ts";
import type { SourceOptions } from "../source-options.ts";
import { readSplit } from "../split-words.ts";
import { readStampedPicture, requireStamp, stampOf } from "../stamped-file.ts";
import { type ManifestRow, manifestInvalid, readManifestRows } from "./manifest-rows.ts";

/** Some five million lines. */
const sizeLimitBytes = 512 * 2 ** 20;

/**
 * Lists the pictures of a manifest, `path,label[,split]`, with their paths taken from its own
 * folder; they may not leave it. Files that are listed but are not there turn out to be missing
 * when they are read.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, SOURCE_CHANGED; MANIFEST_INVALID with the line, also
 * where a path stands twice with two labels.
 */
export async function openManifest(location: string, _options: SourceOptions = {}): Promise<Source> {
  const folder = dirname(location);
  const { labelled, root } = await readManifest(location, folder);
  return {
    kind: "manifest",
    location,
    skipped: [],
    remarks: [],
    samples: () => fileSamples(folder, labelled, (path, stamp) => readInside(root, path, stamp)),
    close: async () => {},
  };
}

async function readManifest(location: string, folder: string): Promise<{ labelled: LabelledPath[]; root: string }> {
  try {
    const handle = await open(location);
    try {
      const stats = await handle.stat({ bigint: true });
      if (stats.size > sizeLimitBytes) {
        const limit = `a manifest of at most ${formatBytes(sizeLimitBytes)}`;
        throw manifestInvalid(limit, formatBytes(Number(stats.size)), location, "cut it into several datasets");
      }
      const labelled = await readRows(handle, location);
      await requireStamp(handle, stampOf(stats), location);
      return { labelled, root: await realpath(folder) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof AppError ? error : readFailure(location, error);
  }
}

async function readRows(handle: FileHandle, location: string): Promise<LabelledPath[]> {
  const known = new Map<string, LabelledPath & { where: string }>();
  const labels = new Map<string, string>();
  for await (const row of readManifestRows(handle, location)) {
    const { where } = row;
    const path = readPath(row);
    const text = readRowLabel(row);
    // All pictures of a class share one string.
    const label = labels.get(text) ?? text;
    labels.set(label, label);
    const split = readRowSplit(row);
    const before = known.get(path);
    if (before !== undefined && (before.label !== label || before.split !== split)) {
      const one = `${quoted(before.label)}${before.split ? ` in ${before.split}` : ""} in ${before.where}`;
      const other = `${quoted(label)}${split ? ` in ${split}` : ""} here`;
      throw manifestInvalid("one label and one split for a picture", `${quoted(path)} as ${one} and ${other}`, where);
    }
    if (before === undefined) known.set(path, { path, label, where, ...(split && { split }) });
  }
  return [...known.values()].map(({ path, label, split }) => ({ path, label, ...(split && { split }) }));
}

/** The path from the manifest's folder, with forward slashes and without detours. */
function readPath({ path: text, where }: ManifestRow): string {
  const path = posix.normalize(text.replaceAll("\\", "/"));
  const fault = /^[a-z][a-z\d+.-]+:\/\//i.test(text) ? "it is an address" : nameFaultOf(path);
  if (text === "" || path === "." || path.endsWith("/") || fault !== undefined) {
    throw manifestInvalid(
      "the path of a file in the manifest's folder",
      `${quoted(text)}${fault ? `: ${fault}` : ""}`,
      where,
      "write paths from the manifest's own folder: cat/a.jpg",
    );
  }
  return path;
}

function readRowLabel({ label: text, where }: ManifestRow): string {
  const read = readLabel(text);
  if (read.fault !== undefined) throw manifestInvalid("a label in each line", read.fault, where);
  return read.label;
}

function readRowSplit({ split: text = "", where }: ManifestRow): LabelledPath["split"] {
  if (text.trim() === "") return undefined;
  const split = readSplit(text.trim());
  if (split === undefined) throw manifestInvalid("train, val or test as split, or nothing", quoted(text), where);
  return split;
}

async function readInside(root: string, path: string, stamp: string): Promise<Uint8Array> {
  const isInside = await leadsBelow(root, path).catch((error: unknown) => {
    throw readFailure(path, error);
  });
  if (isInside) return readStampedPicture(path, stamp);
  throw new AppError("IMAGE_UNREADABLE", {
    required: "a picture in the manifest's folder",
    received: "a link that leads out of it",
    where: path,
  });
}
