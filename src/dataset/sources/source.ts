/** The port through which labelled pictures come in, whatever they are stored as. */
import type { ErrorCode } from "../../base/errors.ts";
import type { PixelImage } from "../../image/decode.ts";
import type { DataVersion } from "../../versioning/versions/open-version.ts";

/** All splits; a pack stores a split as its position here. */
export const splits = ["train", "val", "test"] as const;
/** The part of a dataset that a picture belongs to. */
export type Split = (typeof splits)[number];

interface SampleBase {
  /**
   * The picture's path inside its source, with forward slashes; never used as a path of this
   * machine's file system.
   */
  readonly id: string;
  readonly label: string;
  /** Where the source itself says which split the picture belongs to. */
  readonly split?: Split;
  /**
   * Cheap to know and different whenever the content may be: size and time of change of a file,
   * checksum of an archive's entry, ETag of an object. A picture with the same id and the same
   * stamp need not be read again.
   */
  readonly stamp: string;
}

/** A picture as a file's bytes. */
export interface FileSample extends SampleBase {
  /** The file's size as far as it is known before it is read; 0 where it is not. */
  readonly sizeBytes: number;
  /**
   * Errors: IMAGE_UNREADABLE, IMAGE_SIZE, FILE_NOT_FOUND, FILE_READ_FAILED of this picture. What
   * ends the work on the whole source: SOURCE_CHANGED where the content is no longer what `stamp`
   * says, ARCHIVE_CORRUPT, STORE_FAILED.
   */
  bytes(): Promise<Uint8Array>;
}

/** A picture that comes as pixels and needs no decoding. */
export interface PixelSample extends SampleBase {
  /** May be made anew each time it is asked for: ask once. Errors: SOURCE_CHANGED. */
  readonly image: PixelImage;
}

/** One labelled picture of a source, as a file or as pixels. */
export type Sample = FileSample | PixelSample;

/** For `forEachInParallel`: the memory that reading a sample takes. */
export function sizeOfSample(sample: Sample): number {
  return "bytes" in sample ? sample.sizeBytes : 0;
}

/**
 * What archives, idx files and manifests may hold: a few kilobytes can list millions of empty
 * pictures. ImageNet has 1.3 million, iNaturalist 2.7.
 */
export const pictureCountLimit = 5_000_000;

/** A picture that is not used, and why. */
export interface SkippedPicture {
  readonly id: string;
  /** Absent where it cannot be told. */
  readonly label?: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** What can be said of a folder of a source, or of the source as a whole. */
export const remarkKinds = [
  "folder-link",
  "empty-class",
  "unlabelled-folder",
  "outside-layout",
  "split-as-class",
  "other-files",
  "unclear-names",
  "archives-inside",
  "missing-files",
] as const;
export type RemarkKind = (typeof remarkKinds)[number];

/** Something about a folder, or about the source, that its user should know. */
export interface SourceRemark {
  readonly kind: RemarkKind;
  /** The folder's path inside the source; empty for the source itself. */
  readonly id: string;
  /** In words, a noun phrase. */
  readonly reason: string;
}

export const sourceKinds = ["folder", "archive", "idx", "cifar", "manifest", "s3", "version"] as const;
/** What a source is read from. */
export type SourceKind = (typeof sourceKinds)[number];

/** Labelled pictures to go through, as often as wanted. */
export interface Source {
  readonly kind: SourceKind;
  /** The path or address that was opened, for messages. */
  readonly location: string;
  /** Of a data version: what names its content, wherever it is read from. */
  readonly version?: DataVersion;
  /**
   * Pictures that were found but cannot be taken: no label, a name that leads out of the source.
   */
  readonly skipped: readonly SkippedPicture[];
  /** What is worth knowing about its folders. */
  readonly remarks: readonly SourceRemark[];
  /**
   * Every labelled picture, in the same order each time; nothing is read before `bytes()` is
   * called. Sources that can only be read forwards (a .tar.gz) give their own order: reading
   * pictures in this order is fast everywhere.
   */
  samples(): AsyncIterable<Sample>;
  /**
   * Gives files and connections back to the system, also when called again; `bytes()` must not be
   * called after it.
   */
  close(): Promise<void>;
}
