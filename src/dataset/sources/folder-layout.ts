/**
 * Reads labels and given splits from the paths of pictures; the same rules hold for folders,
 * archives and object stores.
 */
import { counted } from "../../base/quantity.ts";
import { type Arrangement, arrange, type Region } from "./arrangement.ts";
import { type Folder, type FolderTree, growTree, labelInName } from "./folder-tree.ts";
import { quotedList, type ReadLabel, readLabel } from "./label.ts";
import type { SkippedPicture, SourceRemark, Split } from "./source.ts";
import type { OpenOptions } from "./source-options.ts";
import { readSplit } from "./split-words.ts";

export interface LabelledPath {
  readonly path: string;
  readonly label: string;
  readonly split?: Split;
}

export interface FolderLayout {
  readonly labelled: readonly LabelledPath[];
  /** Pictures whose label cannot be told, or cannot be a label. */
  readonly unlabelled: readonly SkippedPicture[];
  readonly remarks: readonly SourceRemark[];
}

/** What is known of a source besides the paths of its files. */
export interface LayoutFacts extends OpenOptions {
  /** Its location, for errors. */
  readonly where: string;
  /** Folders without any file, and links to folders that were not entered. */
  readonly bareFolders?: ReadonlyMap<string, "empty" | "link">;
}

const noLabel: ReadLabel = { fault: "no folder that could be its label" };

/**
 * Takes the first of these that fits, after folders that hold everything (`pets/v2/cat/a.jpg`) are
 * set aside:
 *
 * 1. `cat.12.jpg`, most pictures in one folder: the label is the name's first part.
 * 2. `train/cat/a.jpg`, `test/...`: folders named for splits (`readSplit`). In each the label is
 *    the next folder or in the name; a split without labels is left out, and folders beside the
 *    splits too. A split may stand alone.
 * 3. `cat/train/a.jpg`: classes, each with the same splits inside.
 * 4. `cat/a.jpg`, `cat/more/b.jpg`: the label is the first folder.
 *
 * Pictures beside the folders that decide are unlabelled, never a reason to decide otherwise.
 * With `labels: "ignored"` every picture is taken as it lies.
 * Errors: DATASET_LAYOUT_UNCLEAR where the names leave more than one reading.
 */
export function readLayout(paths: readonly string[], { where, bareFolders, ...options }: LayoutFacts): FolderLayout {
  const tree = growTree(paths, bareFolders);
  if (options.labels === "ignored") {
    return { labelled: tree.files.map(({ path }) => ({ path, label: "" })), unlabelled: [], remarks: [] };
  }
  const arrangement = arrange(tree.root, options, where);
  const regionOf = regionFinder(arrangement.regions);
  const leftOut = new Set([...arrangement.outside, ...arrangement.unlabelled.map(({ folder }) => folder)]);
  const isLeftOut = finder((folder) => (leftOut.has(folder) ? true : undefined), false);
  // Each text is read once, and all pictures of a class share one string.
  const known = new Map<string, ReadLabel>();
  const labelled: LabelledPath[] = [];
  const unlabelled: SkippedPicture[] = [];
  for (const { path, name, folder } of tree.files) {
    const { split, label } = regionOf(folder);
    const text = label === "in names" ? labelInName(name) : label?.text;
    const read = text === undefined ? noLabel : (known.get(text) ?? readLabel(text));
    if (text !== undefined) known.set(text, read);
    if (read.fault === undefined) labelled.push({ path, label: read.label, ...(split && { split }) });
    else if (!isLeftOut(folder)) unlabelled.push({ id: path, code: "DATASET_LABEL_MISSING", reason: read.fault });
  }
  return { labelled, unlabelled, remarks: remarksOn(tree, arrangement) };
}

function regionFinder(regions: ReadonlyMap<Folder, Region>): (folder: Folder) => Region {
  return finder((folder) => regions.get(folder), {});
}

/** The answer for a folder or for the nearest one around it that has any; each is found once. */
function finder<T>(answerOf: (folder: Folder) => T | undefined, none: T): (folder: Folder) => T {
  const known = new Map<Folder, T>();
  const find = (folder: Folder): T => {
    const before = known.get(folder);
    if (before !== undefined) return before;
    const answer = answerOf(folder) ?? (folder.parent === undefined ? none : find(folder.parent));
    known.set(folder, answer);
    return answer;
  };
  return find;
}

function remarksOn({ root, others }: FolderTree, arrangement: Arrangement): SourceRemark[] {
  const { base, classParents, unlabelled, outside, doubtful } = arrangement;
  const remarks: SourceRemark[] = [];
  for (const folder of bareBeside(root, base, classParents)) {
    if (folder.bare === "link") {
      const reason = "a link to a folder, which was not entered";
      remarks.push({ kind: "folder-link", id: folder.path, reason });
    } else remarks.push({ kind: "empty-class", id: folder.path, reason: "a folder without any file" });
  }
  for (const { folder, split } of unlabelled) {
    const reason = `${counted(folder.total, "picture")} of the ${split} split without labels, which are left out`;
    remarks.push({ kind: "unlabelled-folder", id: folder.path, reason });
  }
  for (const folder of outside) {
    const reason = `${counted(folder.total, "picture")} in no class and no split, which are left out`;
    remarks.push({ kind: "outside-layout", id: folder.path, reason });
  }
  if (doubtful !== undefined) {
    const reason = `${counted(doubtful.total, "picture")} taken for a class, though the name is that of a split`;
    remarks.push({ kind: "split-as-class", id: doubtful.path, reason });
  }
  if (others.length > 0) {
    const reason = `no pictures by their names: ${quotedList(others, 3, 80)}`;
    remarks.push({ kind: "other-files", id: "", reason });
  }
  return remarks;
}

/** Links anywhere; empty folders in the place of a class, of a split, or of what holds everything. */
function bareBeside(root: Folder, base: Folder, classParents: readonly Folder[]): Folder[] {
  const above = new Set<Folder>();
  for (let at = base.parent; at !== undefined; at = at.parent) above.add(at);
  const parents = new Set(classParents);
  const isExpected = ({ name, parent }: Folder): boolean =>
    parent !== undefined &&
    (parents.has(parent) || above.has(parent) || (parent === base && readSplit(name) !== undefined));
  const found: Folder[] = [];
  const walk = (folder: Folder): void => {
    if (folder.bare === "link" || (folder.bare === "empty" && isExpected(folder))) found.push(folder);
    for (const inner of folder.inner.values()) walk(inner);
  };
  walk(root);
  return found;
}
