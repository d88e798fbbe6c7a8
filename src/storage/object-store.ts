/** The port to objects in a folder or in S3, and the errors that its adapters share. */
import { AppError } from "../base/errors.ts";
import { joinChunks, type ObjectContent } from "./object-content.ts";

export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Changes whenever the content does: the ETag in S3; size, time and inode of a file. */
  readonly version: string;
}

/**
 * Bytes from `start` to before `end`, or to the object's end; what lies past the end is left out.
 */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export interface StoreCallOptions {
  readonly signal?: AbortSignal;
}

export interface ReadOptions extends StoreCallOptions {
  readonly range?: ByteRange;
  /** Read this version or fail with STORE_CONFLICT. */
  readonly version?: string;
}

export interface WriteOptions extends StoreCallOptions {
  /**
   * Write only where the object is `absent`, or has this version; else STORE_CONFLICT. Holds among
   * conditional writes of several processes; a folder shared between machines needs hard links for
   * `absent`, and one machine at a time for versions.
   */
  readonly only?: "absent" | { readonly version: string };
}

/**
 * Objects below one address. Keys are names separated by `/`; see `keyFaultOf` for those that are
 * refused. Errors of every call: STORE_KEY_INVALID, INTERRUPTED; STORE_FAILED (S3),
 * FILE_READ_FAILED and FILE_WRITE_FAILED (folder).
 */
export interface ObjectStore {
  /** The address of an object, or of the store where `key` is empty; for messages. */
  addressOf(key: string): string;
  /**
   * Every object whose key begins with `prefix`, in ascending order of the keys' UTF-8 bytes; page
   * by page, so that memory does not grow with their number. Includes keys that other programs
   * wrote and that `read` refuses.
   */
  list(prefix?: string, options?: StoreCallOptions): AsyncIterable<StoredObject>;
  /** Undefined where there is no such object. */
  head(key: string, options?: StoreCallOptions): Promise<StoredObject | undefined>;
  /**
   * The content in chunks; the file or connection is given back at the end or when iteration stops.
   * Errors: FILE_NOT_FOUND; STORE_CONFLICT for another version.
   */
  read(key: string, options?: ReadOptions): AsyncIterable<Uint8Array>;
  /**
   * Writes an object whole or not at all, in place of an old one. What a stream throws comes
   * through unchanged.
   * Errors: STORE_CONFLICT where `only` does not hold or the content has another size than
   * announced.
   */
  write(key: string, content: ObjectContent, options?: WriteOptions): Promise<StoredObject>;
  /** Succeeds also where there is no such object. */
  delete(key: string, options?: StoreCallOptions): Promise<void>;
  /** Gives connections back; may be called twice. */
  close(): Promise<void>;
}

/** An object's bytes, or a range of them, in memory. Errors: as `ObjectStore.read`. */
export function readBytesOf(store: ObjectStore, key: string, options?: ReadOptions): Promise<Uint8Array> {
  return joinChunks(store.read(key, options));
}

/** STORE_CONFLICT: the object is there, gone, or another one than the caller knows. */
export function conflict(where: string, { only }: WriteOptions = {}): AppError {
  return new AppError("STORE_CONFLICT", {
    required: only === "absent" ? "a free key" : "an object that nobody changed meanwhile",
    received: only === "absent" ? "an existing object" : "another version",
    where,
    hint: "read the object again, then decide",
  });
}

/** FILE_NOT_FOUND for an object. */
export function noObject(where: string): AppError {
  return new AppError("FILE_NOT_FOUND", { required: "an object that exists", received: where });
}

/** Refuses ranges that are no whole numbers or run backwards. Errors: INTERNAL. */
export function requireRange({ start, end }: ByteRange, where: string): void {
  if (Number.isSafeInteger(start) && start >= 0 && (end === undefined || (Number.isSafeInteger(end) && end >= start))) {
    return;
  }
  throw new AppError("INTERNAL", {
    required: "a range of whole numbers from 0, ascending",
    received: `${start} to ${end}`,
    where,
  });
}
