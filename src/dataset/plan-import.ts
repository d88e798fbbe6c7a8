/** Decides where an import puts each picture, so that what is read back is what was there. */
import { csvField } from "../base/csv-line.ts";
import { isAppError } from "../base/errors.ts";
import { createPathClaims, portableName, portableNames } from "./portable-name.ts";
import { readLayout } from "./sources/folder-layout.ts";
import type { Sample, Source, Split } from "./sources/source.ts";
import { isStorageName, readSplit, splitInside } from "./sources/split-words.ts";

export interface PlannedPicture {
  /** From the folder that the import makes, with forward slashes. */
  readonly path: string;
  readonly label: string;
  readonly split: Split | undefined;
}

export interface ImportPlan {
  /** One for each sample, in their order. */
  readonly pictures: readonly PlannedPicture[];
  /** Labels whose folders cannot have their names. */
  readonly renamed: readonly RenamedClass[];
  /** How many files could not keep their names. */
  readonly renamedFiles: number;
  /** True where folders and names alone do not give every label and split of these pictures back. */
  needsManifest(copied: readonly PlannedPicture[]): boolean;
}

export interface RenamedClass {
  readonly label: string;
  readonly folder: string;
}

/** What lists the pictures of an import whose folders do not tell everything. */
export const importManifestName = "labels.csv";

/**
 * Plans `LABEL/NAME`, or `SPLIT/LABEL/NAME` where every picture has a split. It depends on labels,
 * splits and ids alone. Folders that would be read as something else, such as a class called
 * `train`, get a mark.
 */
export async function planImport(source: Source): Promise<ImportPlan> {
  const samples: Pick<Sample, "label" | "split">[] = [];
  const names: { readonly name: string; readonly isRenamed: boolean }[] = [];
  for await (const sample of source.samples()) {
    const { label, split } = sample;
    samples.push({ label, ...(split && { split }) });
    names.push(fileNameOf(sample));
  }
  const areAllSplit = samples.every(({ split }) => split !== undefined);
  const labels = new Set(samples.map(({ label }) => label));
  const place = (folders: ReadonlyMap<string, string>): PlannedPicture[] => {
    const claim = createPathClaims();
    return samples.map(({ label, split }, at) => {
      const folder = [...(areAllSplit ? [split!] : []), folders.get(label)!].join("/");
      return { path: claim(folder, names[at]!.name), label, split };
    });
  };
  let folders = portableNames(labels, isTaken);
  let pictures = place(folders);
  if (!isReadBack(pictures, folders)) {
    folders = classFolders(labels);
    pictures = place(folders);
  }
  const renamed = [...folders].flatMap(([label, folder]) => (label === folder ? [] : [{ label, folder }]));
  const renamedFiles = names.filter(({ name, isRenamed }, at) => isRenamed || !pictures[at]!.path.endsWith(`/${name}`));
  const needsManifest: ImportPlan["needsManifest"] = (copied) => renamed.length > 0 || !isReadBack(copied, folders);
  return { pictures, renamed, renamedFiles: renamedFiles.length, needsManifest };
}

/** The lines of the manifest that gives every label and split back. */
export function* manifestLines(pictures: Iterable<PlannedPicture>): Generator<string> {
  yield "path,label,split\n";
  for (const { path, label, split = "" } of pictures) yield `${csvField(path)},${csvField(label)},${split}\n`;
}

/** Names for the folders of classes that are read as nothing else, such as a split, wherever they lie. */
export function classFolders(labels: Iterable<string>): ReadonlyMap<string, string> {
  return portableNames(labels, (name) => isTaken(name) || isLayoutWord(name));
}

/**
 * The last part of the id; a picture out of a file of many (`train-images#7`) gets a name of its
 * own.
 */
function fileNameOf(sample: Sample): { name: string; isRenamed: boolean } {
  const last = sample.id.split("/").at(-1)!;
  if (!("bytes" in sample)) return { name: portableName(`${last.replace("#", "-")}.png`), isRenamed: false };
  const name = portableName(last);
  return { name, isRenamed: name !== last };
}

/** The name of the manifest is no folder's. */
function isTaken(name: string): boolean {
  return name.toLowerCase() === importManifestName;
}

function isLayoutWord(name: string): boolean {
  return readSplit(name) !== undefined || splitInside(name) !== undefined || isStorageName(name);
}

/** True where the folder, once written, is read as the same labels and splits. */
function isReadBack(pictures: readonly PlannedPicture[], folders: ReadonlyMap<string, string>): boolean {
  const planned = new Map(pictures.map((picture) => [picture.path, picture]));
  try {
    const { labelled } = readLayout([...planned.keys()], { where: "" });
    const isSame = ({ path, label, split }: (typeof labelled)[number]): boolean => {
      const picture = planned.get(path)!;
      return folders.get(picture.label) === label && picture.split === split;
    };
    return labelled.length === pictures.length && labelled.every(isSame);
  } catch (error) {
    if (isAppError(error, "DATASET_LAYOUT_UNCLEAR")) return false;
    throw error;
  }
}
