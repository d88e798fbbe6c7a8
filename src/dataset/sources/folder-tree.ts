/** The folders of a source as a tree, with the pictures in each. */
import { fileRole, isLeftover } from "./file-role.ts";

export interface Folder {
  readonly name: string;
  /** From the source's root, without a slash at its end; empty for the root. */
  readonly path: string;
  readonly parent: Folder | undefined;
  readonly inner: Map<string, Folder>;
  /** Bare names of the files that can be pictures, here and not further below. */
  readonly names: string[];
  /** Files that can be pictures here and anywhere below. */
  total: number;
  /** Why there is nothing in it. */
  bare?: "empty" | "link";
}

export interface FolderTree {
  readonly root: Folder;
  /** Files that can be pictures, each with its folder, in the order that they were given. */
  readonly files: readonly { readonly path: string; readonly name: string; readonly folder: Folder }[];
  /** Paths of files that are no pictures by their names. */
  readonly others: readonly string[];
}

/**
 * Hidden files and leftovers take no part. A file with a strange extension takes part beside files
 * that have a picture's or none, since only its content can tell.
 */
export function growTree(
  paths: readonly string[],
  bareFolders: ReadonlyMap<string, "empty" | "link"> = new Map(),
): FolderTree {
  const root = newFolder("", "", undefined);
  const folders = new Map<string, Folder>([["", root]]);
  const folderAt = (path: string): Folder => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const cut = path.lastIndexOf("/");
    const parent = folderAt(path.slice(0, Math.max(0, cut)));
    const folder = newFolder(path.slice(cut + 1), path, parent);
    parent.inner.set(folder.name, folder);
    folders.set(path, folder);
    return folder;
  };
  const parts = paths.map((path) => {
    const cut = path.lastIndexOf("/");
    return { path, name: path.slice(cut + 1), folder: path.slice(0, Math.max(0, cut)) };
  });
  const isShown = shownFolders();
  const shown = parts.filter(({ name, folder }) => !isLeftover(name) && isShown(folder));
  const rated = shown.map((part) => ({ ...part, role: fileRole(part.name) }));
  const likely = rated.filter(({ role, name }) => role === "picture" || (role === "unknown" && !name.includes(".")));
  const withPictures = new Set(likely.map(({ folder }) => folder));
  const isTaken = ({ role, folder }: (typeof rated)[number]): boolean => role !== "other" && withPictures.has(folder);
  const taking = likely.length === 0 ? rated.filter(({ role }) => role === "unknown") : rated.filter(isTaken);
  const taken = new Set(taking);
  const others = rated.filter((part) => !taken.has(part)).map(({ path }) => path);
  const files = taking.map(({ path, name, folder: at }) => ({ path, name, folder: folderAt(at) }));
  for (const { name, folder } of files) {
    folder.names.push(name);
    for (let at: Folder | undefined = folder; at !== undefined; at = at.parent) at.total++;
  }
  for (const [path, bare] of bareFolders) {
    if (!path.split("/").some(isLeftover)) folderAt(path).bare = bare;
  }
  return { root, files, others };
}

/** Remembers each folder's answer: there are far fewer folders than files. */
function shownFolders(): (folder: string) => boolean {
  const known = new Map<string, boolean>([["", true]]);
  return (folder) => {
    const answer = known.get(folder) ?? !folder.split("/").some(isLeftover);
    known.set(folder, answer);
    return answer;
  };
}

function newFolder(name: string, path: string, parent: Folder | undefined): Folder {
  return { name, path, parent, inner: new Map(), names: [], total: 0 };
}

/** The folders inside that hold pictures, at any depth. */
export function innerOf(folder: Folder): Folder[] {
  return [...folder.inner.values()].filter(({ total }) => total > 0);
}

/** `cat.12.jpg`: label, number, extension. */
const numberedName = /^(.+)\.\d+\.[^.]+$/s;

/** The label in a file's name, where it is of the form `cat.12.jpg`. */
export function labelInName(name: string): string | undefined {
  return numberedName.exec(name)?.[1];
}

/** The labels in the names of the files in a folder, not of those further below. */
export function labelsInNames({ names }: Folder): ReadonlySet<string> {
  return new Set(names.flatMap((name) => labelInName(name) ?? []));
}
