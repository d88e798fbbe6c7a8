/** Labelled pictures that a CSV, TSV or JSONL file lists. */
import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { AppError, type ErrorCode } from "../../../base/errors.ts";
import { readFailure } from "../../../base/files/file-failure.ts";
import { openRegularFile } from "../../../base/files/regular-file.ts";
import { formatBytes } from "../../../base/quantity.ts";
import { fileSamples } from "../file-samples.ts";
import type { LabelledPath } from "../folder-layout.ts";
import { quoted, readLabel } from "../label.ts";
import { pictureCountLimit, type SkippedPicture, type Source } from "../source.ts";
import type { OpenOptions } from "../source-options.ts";
import { readSplit } from "../split-words.ts";
import { requireStamp, stampOf } from "../stamped-file.ts";
import { manifestInvalid } from "./manifest-errors.ts";
import { ManifestRoot } from "./manifest-paths.ts";
import { type ManifestRow, readManifestRows } from "./manifest-rows.ts";

/** Some five million lines of usual length. */
const sizeLimitBytes = 512 * 2 ** 20;

/** A manifest with more of them is one of another kind, and must not fill the memory. */
const faultLimit = 100_000;

/** So many listed files are looked for, to tell whether paths start from somewhere else. */
const probedFiles = 50;

/**
 * Lists the pictures of a manifest, `path,label[,split]`, with their paths taken from `root`, else
 * from its own folder; they may not leave it, absolute ones neither. Lines that cannot be used, and
 * pictures that are listed with two labels or splits, are skipped. Files that are listed but are
 * not there turn out to be missing when they are read.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, SOURCE_CHANGED, CONFIG_INVALID for a root that is no
 * folder; MANIFEST_INVALID for a file that is no text, is too large, has no usable header, no usable
 * line, more than 5 million pictures, or more than 100,000 faulty ones.
 */
export async function openManifest(location: string, { root: given, labels }: OpenOptions = {}): Promise<Source> {
  const handle = await openRegularFile(location);
  try {
    const root = await ManifestRoot.open(location, given);
    const stats = await handle.stat({ bigint: true });
    if (stats.size > sizeLimitBytes) {
      const limit = `a manifest of at most ${formatBytes(sizeLimitBytes)}`;
      throw manifestInvalid(limit, formatBytes(Number(stats.size)), location, "cut it into several datasets");
    }
    const { labelled, skipped } = await readRows(handle, location, root, labels === undefined);
    await requireStamp(handle, stampOf(stats), location);
    const advice = await root.adviceOn(labelled.slice(0, probedFiles).map(({ path }) => path));
    return {
      kind: "manifest",
      location,
      skipped,
      remarks: advice === undefined ? [] : [{ id: labelled[0]!.path, kind: "missing-files", reason: advice }],
      samples: () => fileSamples(root.folder, labelled, (path, stamp) => root.readPicture(path, stamp)),
      close: async () => {},
    };
  } catch (error) {
    throw error instanceof AppError ? error : readFailure(location, error);
  } finally {
    await handle.close();
  }
}

interface ListedPicture extends LabelledPath {
  readonly line: number;
  /** The line that says something else of it. */
  other?: ListedPicture;
}

async function readRows(
  handle: FileHandle,
  location: string,
  root: ManifestRoot,
  needsLabel: boolean,
): Promise<{ labelled: readonly LabelledPath[]; skipped: readonly SkippedPicture[] }> {
  const file = basename(location);
  const listed = new Map<string, ListedPicture>();
  const labels = new Map<string, string>();
  const skipped: SkippedPicture[] = [];
  for await (const row of readManifestRows(handle, location, { needsLabel })) {
    const read =
      "fault" in row ? faulty(`${file}:${row.line}`, row.line, row.fault) : await readRow(row, file, root, needsLabel);
    if ("reason" in read) skipped.push(read);
    else {
      // All pictures of a class share one string.
      const label = labels.get(read.label) ?? read.label;
      labels.set(label, label);
      const before = listed.get(read.path);
      if (before === undefined) listed.set(read.path, { ...read, label });
      else if (before.label !== label || before.split !== read.split) before.other ??= read;
    }
    if (listed.size > pictureCountLimit) throw tooMany(location);
    if (skipped.length > faultLimit) throw unusable(`more than ${faultLimit} faulty ones`, skipped, location);
  }
  const all = [...listed.values()];
  const labelled = all.filter(({ other }) => other === undefined);
  skipped.push(...all.flatMap((picture) => (picture.other === undefined ? [] : [conflicting(picture, picture.other)])));
  if (labelled.length === 0 && skipped.length > 0) throw unusable(`${skipped.length} faulty ones`, skipped, location);
  return { labelled: labelled.map(({ path, label, split }) => ({ path, label, ...(split && { split }) })), skipped };
}

async function readRow(
  row: ManifestRow,
  file: string,
  root: ManifestRoot,
  needsLabel: boolean,
): Promise<ListedPicture | SkippedPicture> {
  const { line } = row;
  const path = await root.read(row.path);
  if (path.fault !== undefined) return faulty(`${file}:${line}`, line, path.fault);
  if (!needsLabel) return { line, path: path.path, label: "" };
  const label = readLabel(row.label);
  if (label.fault !== undefined) return faulty(path.path, line, label.fault, "DATASET_LABEL_MISSING");
  const word = row.split?.trim() ?? "";
  const split = readSplit(word);
  if (split !== undefined || word === "") return { line, path: path.path, label: label.label, ...(split && { split }) };
  return {
    ...faulty(path.path, line, `${quoted(word)} as split instead of train, val, test or nothing`),
    label: label.label,
  };
}

function faulty(id: string, line: number, fault: string, code: ErrorCode = "MANIFEST_INVALID"): SkippedPicture {
  return { id, code, reason: `line ${line}: ${fault}` };
}

function conflicting(one: ListedPicture, other: ListedPicture): SkippedPicture {
  const [first, second] = [one, other].map(
    ({ line, label, split }) => `${quoted(label)}${split ? ` in ${split}` : ""} in line ${line}`,
  );
  return { id: one.path, code: "MANIFEST_INVALID", reason: `${first} and ${second}` };
}

function tooMany(location: string): AppError {
  const limit = `a manifest of at most ${pictureCountLimit} pictures`;
  return manifestInvalid(limit, "more than that", location, "cut it into several datasets");
}

/** The reasons are the same for most lines where nearly all are faulty: the first says enough. */
function unusable(received: string, skipped: readonly SkippedPicture[], location: string): AppError {
  const { id, reason } = skipped[0]!;
  const first = reason.startsWith("line ") ? reason : `${quoted(id)} is ${reason}`;
  return manifestInvalid("a manifest of lines that can be used", `${received}, the first in ${first}`, location);
}
