/** The table of findings of an inspection, and the types of its results. */
import type { PictureFormat } from "../../../image/format.ts";
import type { StoredPicture } from "../../../image/stored-picture.ts";
import type { SourceKind, Split } from "../../sources/source.ts";

/**
 * error: the picture cannot be used, or falsifies metrics. warning: most likely a mistake. note:
 * worth knowing.
 */
export type Severity = "error" | "warning" | "note";

interface FindingEntry {
  readonly severity: Severity;
  /** A few words for tables. */
  readonly title: string;
  /** One sentence: what it is and how it affects a classifier. */
  readonly meaning: string;
  /** True where `--fix` moves the pictures unless other kinds are asked for. */
  readonly isFixed: boolean;
}

const entry = (severity: Severity, title: string, meaning: string, isFixed = false): FindingEntry => ({
  severity,
  title,
  meaning,
  isFixed,
});

/** Every kind of finding: severity, wording, and whether quarantine mends it. */
export const findingTable = {
  "empty-file": entry("error", "empty file", "the file has no bytes", true),
  "not-a-picture": entry("error", "not a picture", "the content is no picture, whatever the name says", true),
  "unread-format": entry("error", "another format", "a picture in a format, or of a kind, that is not read"),
  "pointer-file": entry(
    "error",
    "not fetched",
    "a small text of a version control system in place of the picture, which was not fetched",
  ),
  truncated: entry(
    "error",
    "truncated",
    "the file ends before the picture does; decoders fill the rest with grey",
    true,
  ),
  corrupt: entry("error", "corrupt", "the decoder finds damage inside the picture", true),
  "too-many-pixels": entry("error", "too large", "the header states no pixels, or more than the limit", true),
  "missing-files": entry(
    "error",
    "missing files",
    "a manifest's paths lead to no file, perhaps because they start elsewhere",
  ),
  "unreadable-file": entry("error", "cannot be read", "the operating system refuses to read the file"),
  unlabelled: entry("error", "no label", "the label is missing or not valid"),
  "folder-link": entry("error", "link to a folder", "a link to a folder is not entered, and its pictures are missing"),
  "outside-source": entry("error", "outside the source", "a link or a name leads out of the folder or archive"),
  "manifest-line": entry("error", "manifest", "a line of the manifest cannot be used, or contradicts another"),
  "label-conflict": entry(
    "error",
    "label conflict",
    "the same picture under different labels, of which at most one is right",
    true,
  ),
  leakage: entry(
    "error",
    "leakage",
    "the same picture is in more than one given split, which makes test metrics too good",
    true,
  ),
  "near-constant": entry("error", "near-constant", "all pixels have nearly one colour", true),
  "one-class": entry("error", "one class", "all pictures have one label: there is nothing to classify"),
  "class-too-small": entry("error", "class too small", "a class has too few different pictures to be split"),

  "exact-duplicate": entry(
    "warning",
    "exact duplicate",
    "the same bytes are in the dataset more than once and count more than once",
    true,
  ),
  "near-duplicate": entry(
    "warning",
    "near-duplicate",
    "nearly the same picture: resized, compressed anew, or a neighbour in a series",
  ),
  "near-duplicate-conflict": entry(
    "warning",
    "near-duplicate conflict",
    "nearly the same picture under different labels",
  ),
  "near-duplicate-leakage": entry(
    "warning",
    "near-duplicate leakage",
    "nearly the same picture is in more than one given split",
  ),
  "partly-damaged": entry(
    "warning",
    "damaged in part",
    "the decoder found damage and went on: parts may be shifted, grey or in wrong colours",
  ),
  "wrong-extension": entry("warning", "wrong extension", "the name says one format and the content another"),
  animated: entry("warning", "animated", "the file holds several frames; the first one alone is used"),
  "low-range": entry(
    "warning",
    "nearly black",
    "16 bits a channel, of which 12 or fewer are used: the picture is nearly black once it has 8 bits",
  ),
  cmyk: entry("warning", "CMYK", "made for print; its colours are converted and may look odd"),
  "exif-rotation": entry(
    "warning",
    "rotated by EXIF",
    "upright only if the EXIF orientation is applied, which other tools often do not do",
  ),
  "too-small": entry("warning", "very small", "has fewer pixels a side than a network can use"),
  "extreme-aspect-ratio": entry(
    "warning",
    "extreme aspect ratio",
    "far longer than wide or wider than long: cropping loses most of it",
  ),
  "labels-alike": entry("warning", "labels alike", "labels differ only in letter case or word separators"),
  "names-alike": entry(
    "warning",
    "names alike",
    "names differ only in letter case; one replaces the other on Windows and macOS",
  ),
  "empty-class": entry("warning", "empty folder", "a folder in the place of a class or a split holds no file"),
  "outside-layout": entry(
    "warning",
    "outside the layout",
    "a folder beside the splits is in none of them, and its pictures are left out",
  ),
  "split-as-class": entry("warning", "split as class", "a folder with the name of a split is taken for a class"),
  "unclear-names": entry(
    "warning",
    "unclear names",
    "an archive does not state the encoding of its names, and they look wrong",
  ),
  "archives-inside": entry("warning", "archives inside", "an archive holds archives, which are not read"),
  "class-imbalance": entry("warning", "class imbalance", "one class has many times the pictures of another"),

  "unlabelled-folder": entry(
    "note",
    "pictures without labels",
    "the pictures of a split have no labels, and are left out",
  ),
  "other-files": entry("note", "other files", "files that are no pictures by their names are left out"),
  "deep-colour": entry("note", "16-bit", "has more than 8 bits a channel; the lower ones are dropped"),
  alpha: entry("note", "transparent", "has transparent pixels; they are flattened onto white"),
  greyscale: entry(
    "note",
    "greyscale",
    "has no colours in a set of colour pictures; a network may learn greyness instead of the class",
  ),
} as const satisfies Record<string, FindingEntry>;

/** A kind of finding, by its name in the table. */
export type FindingKind = keyof typeof findingTable;

export function isFindingKind(value: unknown): value is FindingKind {
  return typeof value === "string" && Object.hasOwn(findingTable, value);
}

/** In the table's order. */
export const findingKinds: readonly FindingKind[] = Object.keys(findingTable).filter(isFindingKind);

/** One thing that was found. */
export interface Finding {
  readonly kind: FindingKind;
  /**
   * The pictures it is about, as ids in their source. For duplicates, conflicts and leakage all
   * pictures of one group, the one to keep first. Empty for findings about classes.
   */
  readonly ids: readonly string[];
  /** The ids that a fix of this kind moves: for duplicates all but the first, for conflicts all. */
  readonly offenders: readonly string[];
  /** In words, with the facts: "1 x 480 pixels", "said to be .png, is jpeg". */
  readonly detail: string;
}

/** What is known of one file. */
export interface PictureFacts {
  readonly id: string;
  readonly label: string;
  readonly split?: Split;
  readonly sizeBytes: number;
  /** SHA-256 of the bytes; empty where the bytes could not be had. */
  readonly hash: string;
  /** Undefined where it could not be decoded. */
  readonly decoded?: DecodedFacts;
}

export interface DecodedFacts extends StoredPicture {
  /** `pixels` for pictures that came without a file. */
  readonly format: PictureFormat | "pixels";
  /**
   * True where some of the picture is transparent; a channel that says "opaque" everywhere changes
   * nothing and does not count.
   */
  readonly hasAlpha: boolean;
  /** Mean luma, 0 to 255. */
  readonly brightness: number;
  /** Standard deviation of luma, 0 to 127.5. */
  readonly contrast: number;
  /** Mean difference of a pixel's largest and smallest channel, 0 to 255; 0 for grey. */
  readonly colourfulness: number;
  /** Means of red, green and blue, 0 to 255. */
  readonly meanColour: readonly [red: number, green: number, blue: number];
}

/** What an inspection found out about one class. */
export interface ClassFacts {
  readonly label: string;
  readonly pictures: number;
  /** By given split; pictures without one under `none`. */
  readonly bySplit: Readonly<Partial<Record<Split | "none", number>>>;
  readonly brightnessMean: number;
  readonly meanColour: readonly [red: number, green: number, blue: number];
}

/** The result of an inspection; plain JSON. */
export interface Inspection {
  readonly source: { readonly kind: SourceKind; readonly location: string };
  /** Labelled files that were looked at. */
  readonly pictures: number;
  readonly sizeBytes: number;
  readonly classes: readonly ClassFacts[];
  /** By kind in the table's order, then by first id. */
  readonly findings: readonly Finding[];
  readonly facts: readonly PictureFacts[];
  readonly durationMs: number;
}
