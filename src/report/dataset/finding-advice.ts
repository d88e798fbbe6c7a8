/** What to do about each kind of finding. */
import { shellPath } from "../../base/shell-word.ts";
import { type FindingKind, findingTable, type Inspection } from "../../dataset/inspection/findings/findings.ts";

interface Advice {
  readonly text: string;
  /** True where setting the pictures aside is a sensible way out. */
  readonly isMovable: boolean;
}

const move = (text: string): Advice => ({ text, isMovable: true });
const keep = (text: string): Advice => ({ text, isMovable: false });

const adviceTable: Readonly<Record<FindingKind, Advice>> = {
  "empty-file": move("Copy the files again from where they came, or set them aside."),
  "not-a-picture": move("Set them aside: other tools may stop at them."),
  "unread-format": move(
    "Convert them to JPEG or PNG (magick in.heic out.jpg; sips on macOS; darktable-cli for camera RAW), or set them aside.",
  ),
  "pointer-file": keep("Fetch the pictures: git lfs pull, dvc pull, or git annex get."),
  truncated: move("Copy them again, since most come from a broken download, or set them aside."),
  corrupt: move("Copy them again from where they came, or set them aside."),
  "too-many-pixels": move("Make them smaller with a picture editor, or set them aside."),
  "unreadable-file": keep("Check the names, the right to read them, and the disk."),
  unlabelled: keep("Put each into a folder named for its class, or list it in a manifest."),
  "folder-link": keep("Give --follow-links, which enters linked folders, or copy the pictures into the source."),
  "outside-source": keep("Copy the pictures themselves into the source, in place of links."),
  "manifest-line": keep("Mend the lines in the manifest."),
  "label-conflict": move(
    "Look at each group and keep the copy whose label is right; set the whole group aside where you cannot tell.",
  ),
  leakage: move("Set the copies aside; of each group the picture of the test split stays, then that of val."),
  "near-constant": move("Set them aside, unless an empty picture is something the classifier must know."),
  "one-class": keep("Add pictures of another class."),
  "class-too-small": keep("Add pictures to the class, merge it with another or leave it out."),
  "exact-duplicate": move("Set the copies aside; the first of each group stays."),
  "near-duplicate": move(
    "Nothing must be done where Pawprint cuts the splits: near-duplicates are kept together. Set them aside where they should not count more than once.",
  ),
  "near-duplicate-conflict": move(
    "Look at each group: the labels may differ for a good reason. If not, mend the label or set the group aside.",
  ),
  "near-duplicate-leakage": move(
    "Look at each group; where it is one scene, set the copies aside, so that the test figures stay true.",
  ),
  "partly-damaged": move("Look at them; copy the spoilt ones again or set them aside."),
  "wrong-extension": keep("Rename them. Pawprint goes by the content and reads them, other tools may not."),
  animated: move("Check that the first frame shows what the label says, or set them aside."),
  "low-range": keep(
    "If the values are of 12 bits, scale all pictures of the set alike (magick in.tif -evaluate multiply 16 out.tif; by 64 for 10 bits), and those to be predicted as well.",
  ),
  cmyk: move("Save them as RGB with a picture editor where the converted colours look wrong, or set them aside."),
  "exif-rotation": keep("Nothing for Pawprint, which turns them upright. Before other tools, save them turned."),
  "too-small": move("Replace them by larger ones or set them aside."),
  "extreme-aspect-ratio": move("Cut them to what the label names, or set them aside."),
  "labels-alike": keep("Give the classes one name if they are one: move the pictures of one folder into the other."),
  "names-alike": keep("Rename one of each group before the set is copied to Windows or macOS."),
  "empty-class": keep("Fill the folder, or remove it where there is no such class."),
  "outside-layout": keep("Nothing, if they should not take part; else move them into train, val or test."),
  "split-as-class": keep("Nothing, if it is a class. Else move it away, or give --layout splits."),
  "unclear-names": keep("Give the encoding by --name-encoding, or unpack the archive and name the folder."),
  "archives-inside": keep("Unpack them, and name the folder with all of it."),
  "missing-files": keep("Give the folder that the paths start from by --root."),
  "class-imbalance": keep(
    "Add pictures to the small class; judge the classifier by its figures for each class, not by accuracy alone.",
  ),
  "unlabelled-folder": keep(
    "Nothing: pictures without labels cannot be measured. 'pawprint predict MODEL FOLDER' can label them.",
  ),
  "other-files": keep("Nothing, if they are no pictures; else give them a picture's extension."),
  "deep-colour": keep("Nothing, as long as eight bits tell the classes apart."),
  alpha: keep("Nothing, if the pictures look right on white."),
  greyscale: keep("Make sure that no class has more of them than the others."),
};

export interface FindingAdvice {
  readonly text: string;
  /** A line to run; absent where moving pictures does not help. */
  readonly command?: string;
}

/** What to do about a kind of finding in a source. */
export function adviceFor(kind: FindingKind, source: Inspection["source"]): FindingAdvice {
  const { text, isMovable } = adviceTable[kind];
  return isMovable ? { text, command: fixCommand(source, kind) } : { text };
}

/** The line that sets aside what one kind, or every kind that is moved by default, has found. */
export function fixCommand({ kind: sourceKind, location }: Inspection["source"], kind?: FindingKind): string {
  // Pictures are moved out of folders alone; others are imported into one first.
  const folder = sourceKind === "folder" ? shellPath(location) : importFolder;
  return `pawprint data check ${folder} --fix${kind === undefined ? "" : ` --kinds ${kind}`}`;
}

const importFolder = "data/raw";

/**
 * The line that turns a source into a folder, which `fixCommand` then names; undefined where it is
 * one.
 */
export function importCommand({ kind, location }: Inspection["source"]): string | undefined {
  return kind === "folder" ? undefined : `pawprint data import ${shellPath(location)} --to ${importFolder}`;
}

export function isMovedByDefault(kind: FindingKind): boolean {
  return findingTable[kind].isFixed;
}
