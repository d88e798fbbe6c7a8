/**
 * Reads labels and given splits from the paths of pictures; the same rules hold for folders and
 * archives.
 */
import { extname } from "node:path/posix";
import { pictureExtensions } from "../../image/format.ts";
import { type ReadLabel, readLabel } from "./label.ts";
import type { SkippedPicture, Split } from "./source.ts";
import type { SourceOptions } from "./source-options.ts";

export interface LabelledPath {
  readonly path: string;
  readonly label: string;
  readonly split?: Split;
}

export interface FolderLayout {
  readonly labelled: readonly LabelledPath[];
  /** Pictures whose label cannot be told, or cannot be a label. */
  readonly unlabelled: readonly SkippedPicture[];
}

interface File {
  readonly path: string;
  readonly folders: readonly string[];
  readonly name: string;
}

const splitOfName: Readonly<Record<string, Split>> = {
  train: "train",
  training: "train",
  val: "val",
  valid: "val",
  validation: "val",
  test: "test",
  testing: "test",
};

/** What systems leave beside pictures; anything that begins with a dot is passed over too. */
const leftovers = new Set(["__macosx", "thumbs.db", "desktop.ini", "@eadir"]);

/** `cat.12.jpg`: label, number, extension. */
const numberedName = /^(.+)\.\d+\.[^.]+$/s;

const noLabel: ReadLabel = { fault: "no folder that could be its label" };

/**
 * Takes the first of these that fits, after folders that hold everything (`cats-dogs/cat/a.jpg`)
 * are set aside: 1. `train/cat/a.jpg`, `val/...`, `test/...`: the splits are given, and in each the
 * rules below hold; 2. `cat.12.jpg`, all in one folder: the label is the name's first part; 3.
 * `cat/a.jpg`, `cat/more/b.jpg`: the label is the first folder. Hidden files and what systems leave
 * behind are passed over. Files with another extension take part only inside a class folder, where
 * they will turn out to be unreadable.
 */
export function readLayout(paths: readonly string[], _options: SourceOptions = {}): FolderLayout {
  const files = paths.map(splitPath).filter((file) => !isLeftover(file));
  const pictures = files.filter(hasPictureName);
  const deciding = pictures.length > 0 ? pictures : files;
  const depth = commonDepth(deciding);
  const wrapper = deciding[0]?.folders.slice(0, depth) ?? [];
  const isInside = (file: File): boolean => wrapper.every((folder, at) => file.folders[at] === folder);

  const given = splitsGiven(deciding, depth);
  const labelDepth = given ? depth + 1 : depth;
  const labelOf = isNumbered(deciding, labelDepth) ? labelOfName : (file: File) => file.folders[labelDepth];
  // Each text is read once, and all pictures of a class share one string.
  const known = new Map<string, ReadLabel>();
  const labelled: LabelledPath[] = [];
  const unlabelled: SkippedPicture[] = [];
  for (const file of files) {
    const split = given ? splitOf(file, depth) : undefined;
    const text = isInside(file) && (split !== undefined || !given) ? labelOf(file) : undefined;
    const read = text === undefined ? noLabel : (known.get(text) ?? readLabel(text));
    if (text !== undefined) known.set(text, read);
    if (read.fault === undefined) labelled.push({ path: file.path, label: read.label, ...(split && { split }) });
    else if (hasPictureName(file)) {
      unlabelled.push({ id: file.path, code: "DATASET_LABEL_MISSING", reason: read.fault });
    }
  }
  return { labelled, unlabelled };
}

/** The split that a folder's name or a manifest's word stands for: `Validation` is val. */
export function readSplit(name: string): Split | undefined {
  return Object.hasOwn(splitOfName, name.toLowerCase()) ? splitOfName[name.toLowerCase()] : undefined;
}

/** How many leading folders all files share, leaving each file one folder that can be its label. */
function commonDepth(files: readonly File[]): number {
  const [first] = files;
  if (first === undefined) return 0;
  let depth = 0;
  while (files.every(({ folders }) => folders.length > depth + 1 && folders[depth] === first.folders[depth])) depth++;
  return depth;
}

/** True where every file stands in a folder of a split, and more than one split is there. */
function splitsGiven(files: readonly File[], depth: number): boolean {
  const found = new Set(files.map((file) => splitOf(file, depth)));
  return found.size > 1 && !found.has(undefined);
}

function splitOf({ folders }: File, depth: number): Split | undefined {
  return readSplit(folders[depth] ?? "");
}

/**
 * True where no file has a folder to be its label, or all share the only one, and their names give
 * labels.
 */
function isNumbered(files: readonly File[], labelDepth: number): boolean {
  const folders = new Set(files.map((file) => file.folders[labelDepth]));
  if (folders.size !== 1 || files.some((file) => file.folders.length > labelDepth + 1)) return false;
  const labels = new Set(files.flatMap((file) => labelOfName(file) ?? []));
  // In one folder, names of one label say no more than the folder does: cat/cat.12.jpg.
  return folders.has(undefined) ? labels.size > 0 : labels.size > 1;
}

function labelOfName({ name }: File): string | undefined {
  return numberedName.exec(name)?.[1];
}

function splitPath(path: string): File {
  const folders = path.split("/");
  const name = folders.pop() ?? "";
  return { path, folders, name };
}

function isLeftover({ folders, name }: File): boolean {
  return [...folders, name].some((part) => part.startsWith(".") || leftovers.has(part.toLowerCase()));
}

function hasPictureName({ name }: File): boolean {
  return pictureExtensions.has(extname(name).toLowerCase());
}
