/** Adds pictures of an export to a dataset of class folders, by their labels. */
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path/posix";
import { throwIfCancelled } from "../base/cancel.ts";
import { AppError } from "../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../base/files/atomic-file.ts";
import { readFailure } from "../base/files/file-failure.ts";
import { readBytes } from "../base/files/read-file.ts";
import { sha256 } from "../base/hash.ts";
import { classFolders } from "../dataset/plan-import.ts";
import { quoted } from "../dataset/sources/label.ts";
import { openSource } from "../dataset/sources/open-source.ts";
import type { Source } from "../dataset/sources/source.ts";
import { exportManifestName } from "./export-pictures.ts";

export interface AddedPictures {
  readonly added: number;
  /** That were there already, in the same class. */
  readonly present: number;
  /** That were there in another class: who labelled them has changed the mind. */
  readonly moved: number;
}

/**
 * Adds the labelled pictures of `exported`, a folder of `exportPictures` (labels that were filled in
 * since among them), to `dataset`. Nothing that was there is changed, but for pictures of earlier exports that have
 * another label now. Called again, it adds nothing new.
 * Errors: DATASET_LAYOUT_UNCLEAR for a dataset that has splits, or a new class that no folder can be named for; FILE_WRITE_FAILED; those of `openSource`.
 */
export async function addLabelled(exported: string, dataset: string, signal?: AbortSignal): Promise<AddedPictures> {
  const [from, to] = [await openSource(join(exported, exportManifestName)), await openSource(dataset)];
  try {
    const places = await placesIn(to, dataset);
    // All classes have a place, or nothing is written.
    for await (const { label } of from.samples()) places.folderOf(label);
    const counts = { added: 0, present: 0, moved: 0 };
    for await (const { id, label, ...sample } of from.samples()) {
      if (!("bytes" in sample)) continue; // a manifest lists files alone
      throwIfCancelled(signal);
      const bytes = await sample.bytes();
      const folder = places.folderOf(label);
      const before = places.files.get(basename(id));
      const isSame = before !== undefined && (await hasBytes(join(dataset, before), bytes));
      if (isSame && dirname(before) === folder) {
        counts.present++;
        continue;
      }
      await ensureFolder(join(dataset, folder));
      const name = before === undefined || isSame ? basename(id) : markedName(basename(id), bytes);
      await writeFileAtomic(join(dataset, folder, name), bytes, { force: true });
      if (isSame) await rm(join(dataset, before));
      counts[isSame ? "moved" : "added"]++;
    }
    return counts;
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}

/** Where the pictures of a dataset are, and the folder of each of its classes. */
async function placesIn(source: Source, dataset: string) {
  const files = new Map<string, string>();
  const folders = new Map<string, string>();
  for await (const { id, label, split } of source.samples()) {
    if (split !== undefined) throw hasSplits(dataset);
    files.set(basename(id), id);
    if (!folders.has(label)) folders.set(label, dirname(id));
  }
  const names = await readdir(dataset).catch((error: unknown) => {
    throw readFailure(dataset, error);
  });
  return {
    files,
    folderOf(label: string): string {
      const folder = folders.get(label) ?? classFolders([label, ...names]).get(label)!; // each of them gets one
      if (!folders.has(label) && folder !== label) throw noFolder(label, dataset);
      folders.set(label, folder);
      return folder;
    },
  };
}

/** Another picture has the name. */
function markedName(name: string, bytes: Uint8Array): string {
  const extension = extname(name);
  return `${name.slice(0, name.length - extension.length)}~${sha256(bytes).slice(0, 8)}${extension}`;
}

async function hasBytes(path: string, bytes: Uint8Array): Promise<boolean> {
  const there = await readBytes(path, path, bytes.byteLength).catch(() => undefined);
  return there !== undefined && Buffer.from(there).equals(bytes);
}

function hasSplits(dataset: string): AppError {
  return new AppError("DATASET_LAYOUT_UNCLEAR", {
    required: "a dataset with a folder for each class, to which pictures can be added",
    received: "one with splits",
    where: dataset,
    hint: "add them to the split that they belong in by hand",
  });
}

function noFolder(label: string, dataset: string): AppError {
  return new AppError("DATASET_LAYOUT_UNCLEAR", {
    required: "classes whose folders can have their names",
    received: quoted(label),
    where: dataset,
    hint: `train on the manifest ${exportManifestName} of the export, which keeps the label`,
  });
}
