/** Decides what the folders of a source stand for: classes, splits, or neither. */
import { countBy } from "../../base/count-by.ts";
import { AppError } from "../../base/errors.ts";
import { counted } from "../../base/quantity.ts";
import { type Folder, innerOf, labelsInNames } from "./folder-tree.ts";
import { quoted, quotedList } from "./label.ts";
import type { Split } from "./source.ts";
import type { SourceOptions } from "./source-options.ts";
import { isStorageName, readSplit, splitInside } from "./split-words.ts";

/** What everything in a folder has in common; what lies deeper may be told apart further. */
export interface Region {
  readonly split?: Split;
  /** The label of all its pictures, or that each picture's name holds its own. */
  readonly label?: { readonly text: string } | "in names";
}

export interface Arrangement {
  /** Pictures belong to the nearest of these folders that they lie in. */
  readonly regions: ReadonlyMap<Folder, Region>;
  /** Where the folders of classes or splits stand. */
  readonly base: Folder;
  /** Folders whose inner folders are classes. */
  readonly classParents: readonly Folder[];
  /** Folders of a split whose pictures have no labels. */
  readonly unlabelled: readonly { readonly folder: Folder; readonly split: Split }[];
  /** Folders beside those of the splits. */
  readonly outside: readonly Folder[];
  /** A folder that has a split's name and is taken for a class. */
  readonly doubtful?: Folder;
}

/**
 * Errors: DATASET_LAYOUT_UNCLEAR where names and contents of the folders fit no layout; the option
 * `layout` then decides.
 */
export function arrange(root: Folder, { layout }: SourceOptions, where: string): Arrangement {
  const base = unwrap(root, (folder) => layout === "classes" || readSplit(folder.name) === undefined);
  const inner = innerOf(base);
  if (inner.length === 0 || namesDecide(base)) return byNames(base);
  const named = inner.filter(({ name }) => readSplit(name) !== undefined);
  if (layout === "classes") return byClasses(base);
  if (layout === "splits") {
    if (named.length === 0) throw unclear(base, inner, where, "folders named train, val or test");
    return bySplits(base, named, where);
  }
  if (named.length === inner.length) return bySplits(base, named, where);
  if (named.length > 0) return amongOthers(base, inner, named, where);
  return withoutSplitNames(base, inner, where);
}

/**
 * Passes folders that hold everything: `pets/v2` of `pets/v2/cat/a.jpg`. The last folder is never
 * passed, since it may be the label. Pictures beside such a folder do not count.
 */
function unwrap(from: Folder, mayPass: (folder: Folder) => boolean): Folder {
  let folder = from;
  for (;;) {
    const [only, ...rest] = innerOf(folder);
    if (only === undefined || rest.length > 0 || innerOf(only).length === 0 || !mayPass(only)) return folder;
    // What lies behind a link beside it may be another class.
    if ([...folder.inner.values()].some(({ bare }) => bare === "link")) return folder;
    if (namesDecide(folder)) return folder;
    folder = only;
  }
}

/** True where more than half of all pictures stand here under names of several labels. */
function namesDecide(folder: Folder): boolean {
  return folder.names.length * 2 > folder.total && labelsInNames(folder).size > 1;
}

/** `cat.12.jpg`, all in one folder. */
function byNames(base: Folder): Arrangement {
  const hasLabels = labelsInNames(base).size > 0;
  const region: Region = hasLabels ? { label: "in names" } : {};
  const regions = new Map<Folder, Region>([[base, region]]);
  for (const folder of innerOf(base)) regions.set(folder, {});
  return { regions, base, classParents: [], unlabelled: [], outside: innerOf(base) };
}

/** `cat/a.jpg`, `dog/b.jpg`. */
function byClasses(base: Folder, doubtful?: Folder): Arrangement {
  const regions = classRegions(base);
  return { regions, base, classParents: [base], unlabelled: [], outside: [], ...(doubtful && { doubtful }) };
}

function classRegions(base: Folder, split?: Split): Map<Folder, Region> {
  const shared = split === undefined ? {} : { split };
  const inner = innerOf(base);
  const [only] = inner;
  // In one folder, names of one label say no more than the folder does: cat/cat.12.jpg.
  const isNumbered = inner.length === 1 && innerOf(only!).length === 0 && labelsInNames(only!).size > 1;
  return new Map(
    inner.map((folder) => [folder, { ...shared, label: isNumbered ? "in names" : { text: folder.name } }]),
  );
}

/** `train/cat/a.jpg`, `val/cat/b.jpg`, `test/c.jpg`. */
function bySplits(base: Folder, named: readonly Folder[], where: string): Arrangement {
  const first = new Set(named.flatMap((folder) => [...(classesIn(folder)?.labels ?? [])]));
  // A class called "mask" is no folder to pass, where another split has it beside others.
  const found = new Map(named.flatMap((folder) => entryOf(folder, classesIn(folder, first))));
  requireSharedLabels(base, found, where);
  const hasSeveral = [...found.values()].some(({ labels }) => labels.size > 1);
  const splitCounts = countBy(
    [...found.values()].flatMap(({ labels }) => [...labels]),
    (label) => label,
  );
  // test/unknown/1.jpg, as some tools want it, or test/img.1.jpg: pictures without labels.
  const isMeant = ({ labels }: ClassesInSplit): boolean =>
    labels.size > 1 || !hasSeveral || [...labels].some((label) => splitCounts.get(label)! > 1);
  const regions = new Map<Folder, Region>();
  const classParents: Folder[] = [];
  const unlabelled: { folder: Folder; split: Split }[] = [];
  for (const folder of named) {
    const split = readSplit(folder.name)!; // chosen for it
    const classes = found.get(folder);
    regions.set(folder, { split });
    if (classes === undefined || !isMeant(classes)) unlabelled.push({ folder, split });
    else if (classes.isByNames) regions.set(classes.at, { split, label: "in names" });
    else {
      classParents.push(classes.at);
      for (const [inner, region] of classRegions(classes.at, split)) regions.set(inner, region);
    }
  }
  const isNamed = new Set(named);
  const outside = innerOf(base).filter((folder) => !isNamed.has(folder));
  return { regions, base, classParents, unlabelled, outside };
}

function entryOf<T>(folder: Folder, value: T | undefined): [Folder, T][] {
  return value === undefined ? [] : [[folder, value]];
}

interface ClassesInSplit {
  /** The folder that the classes, or the files with labels in their names, stand in. */
  readonly at: Folder;
  readonly isByNames: boolean;
  readonly labels: ReadonlySet<string>;
}

/** The classes of a split's folder; undefined where its pictures have no labels. */
function classesIn(folder: Folder, classes: ReadonlySet<string> = new Set()): ClassesInSplit | undefined {
  // test1/test1/1.jpg: a folder with the same meaning holds everything.
  const isSame = ({ name }: Folder): boolean =>
    !classes.has(name) && (readSplit(name) !== undefined || isStorageName(name));
  let at = unwrap(folder, () => true);
  for (let [only, ...rest] = innerOf(at); only && rest.length === 0 && isSame(only); [only, ...rest] = innerOf(at))
    at = only;
  const inner = innerOf(at);
  const inNames = labelsInNames(at);
  if (inNames.size > 0 && (inner.length === 0 || namesDecide(at))) return { at, isByNames: true, labels: inNames };
  if (inner.length === 0) return undefined;
  const [only] = inner;
  const deeper = inner.length === 1 ? labelsInNames(only!) : new Set<string>();
  return { at, isByNames: false, labels: deeper.size > 1 ? deeper : new Set(inner.map(({ name }) => name)) };
}

/** Refuses `train/{cats,dogs}` beside `test/{cat,dog}`: four classes, of which none is in both. */
function requireSharedLabels(base: Folder, found: ReadonlyMap<Folder, ClassesInSplit>, where: string): void {
  const isTrain = ({ name }: Folder): boolean => readSplit(name) === "train";
  const trained = new Set([...found].flatMap(([folder, { labels }]) => (isTrain(folder) ? [...labels] : [])));
  if (trained.size < 2) return;
  for (const [folder, { labels }] of found) {
    if (labels.size < 2 || [...labels].some((label) => trained.has(label))) continue;
    throw new AppError("DATASET_LAYOUT_UNCLEAR", {
      required: "the same classes in each split",
      received: `${quotedList([...trained], 4)} in train, ${quotedList([...labels], 4)} in ${quoted(folder.name)}`,
      where: placeOf(base, where),
      hint: "give the folders of a class the same name in each split",
    });
  }
}

/** Some names are those of splits, others are not. */
function amongOthers(base: Folder, inner: readonly Folder[], named: readonly Folder[], where: string): Arrangement {
  const distinct = new Set(named.map(({ name }) => readSplit(name)));
  const withClasses = named.filter((folder) => {
    const found = classesIn(folder);
    return found !== undefined && (found.labels.size > 1 || innerOf(folder).length > 0);
  });
  if (distinct.size > 1 && withClasses.length > 0) return bySplits(base, named, where);
  // Trains are pictures too; no other word for a split is likely to be one.
  const [only] = named;
  const isPlain = named.length === 1 && only!.name.toLowerCase() === "train" && withClasses.length === 0;
  if (isPlain && inner.length > 2) return byClasses(base, only);
  throw unclear(base, inner, where, "folders that are all classes, or all splits such as train, val and test");
}

/** No name is that of a split. */
function withoutSplitNames(base: Folder, inner: readonly Folder[], where: string): Arrangement {
  if (inner.length > 1 && inner.every(({ name }) => isStorageName(name))) {
    throw unclear(base, inner, where, "folders named for classes");
  }
  const halves = inner.flatMap(({ name }) => splitInside(name) ?? []);
  if (halves.length === inner.length && new Set(halves).size > 1) {
    throw unclear(base, inner, where, "folders named for a class or for a split, not for both");
  }
  const divided = inner.filter((folder) => areSplits(innerOf(folder)));
  if (divided.length === 0) return byClasses(base);
  const isUniform = divided.length === inner.length && inner.every((folder) => innerOf(folder).every(isFlat));
  if (!isUniform) throw unclear(base, inner, where, "folders that are all classes, each with the same splits inside");
  const regions = new Map<Folder, Region>();
  for (const folder of inner) {
    const label = { text: folder.name };
    regions.set(folder, { label });
    for (const half of innerOf(folder)) regions.set(half, { label, split: readSplit(half.name)! });
  }
  return { regions, base, classParents: [base], unlabelled: [], outside: [] };
}

function areSplits(folders: readonly Folder[]): boolean {
  const found = new Set(folders.map(({ name }) => readSplit(name)));
  return found.size > 1 && !found.has(undefined);
}

function isFlat(folder: Folder): boolean {
  return innerOf(folder).length === 0;
}

function unclear(base: Folder, inner: readonly Folder[], where: string, required: string): AppError {
  const shown = inner.slice(0, 6).map((folder) => {
    const deeper = innerOf(folder).map(({ name }) => name);
    return `${quoted(folder.name)} (${counted(folder.total, "picture")}${deeper.length > 0 ? ` in ${quotedList(deeper, 4)}` : ""})`;
  });
  const more = inner.length > 6 ? [`${inner.length - 6} more`] : [];
  return new AppError("DATASET_LAYOUT_UNCLEAR", {
    required,
    received: [...shown, ...more].join(", "),
    where: placeOf(base, where),
    hint: "`layout` classes takes each of these for a class, `layout` splits takes those named for splits; or name the folder inside, or list pictures, labels and splits in a manifest",
  });
}

function placeOf({ path }: Folder, where: string): string {
  return path === "" ? where : `${where}: ${path}`;
}
