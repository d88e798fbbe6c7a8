/** Answered pictures that a service kept, in a folder or in S3: it writes them, monitoring reads them. */
import { isAppError } from "../base/errors.ts";
import { type ObjectStore, readBytesOf, type StoreCallOptions } from "../storage/object-store.ts";
import { dayOf, type KeptPicture, keyOfPicture, keysOfPicture, nameOfRequest, readPictureKey } from "./picture-key.ts";

/** Errors of every call: STORE_FAILED (S3), FILE_READ_FAILED, FILE_WRITE_FAILED (folder); INTERRUPTED. */
export interface KeptPictures {
  /** For messages. */
  readonly location: string;
  /** Whole or not at all; a picture of the same request, position and day is replaced. */
  keep(picture: KeptPicture, bytes: Uint8Array, options?: StoreCallOptions): Promise<void>;
  /**
   * A picture file's bytes, for a prediction of the log; undefined where it was not kept, or not for
   * so long.
   */
  read(picture: KeptPicture, options?: StoreCallOptions): Promise<Uint8Array | undefined>;
  /** The keys of all pictures, by their day: `keysOfPicture` says which may be a prediction's. */
  keys(options?: StoreCallOptions): AsyncGenerator<string, void, undefined>;
  /** Removes a request's pictures, of whatever day; gives their number. Looks at all names. */
  removeRequest(requestId: string, options?: StoreCallOptions): Promise<number>;
  /** Removes the pictures of the days before the day of this time; gives their number. */
  removeBefore(timeMs: number, options?: StoreCallOptions): Promise<number>;
  close(): Promise<void>;
}

/** Takes the store over: closing the pictures closes it. */
export function openKeptPictures(store: ObjectStore): KeptPictures {
  return {
    location: store.addressOf(""),
    async keep(picture, bytes, options) {
      await store.write(keyOfPicture(picture), bytes, options);
    },
    async read(picture, options) {
      for (const key of keysOfPicture(picture)) {
        try {
          return await readBytesOf(store, key, options);
        } catch (error) {
          if (!isAppError(error, "FILE_NOT_FOUND")) throw error;
        }
      }
      return undefined;
    },
    async *keys(options) {
      for await (const { key } of store.list("", options)) if (readPictureKey(key) !== undefined) yield key;
    },
    async removeRequest(requestId, options) {
      const wanted = nameOfRequest(requestId);
      let removed = 0;
      for await (const { key } of store.list("", options)) {
        if (readPictureKey(key)?.name !== wanted) continue;
        await store.delete(key, options);
        removed++;
      }
      return removed;
    },
    async removeBefore(timeMs, options) {
      const limit = dayOf(timeMs);
      let removed = 0;
      for await (const { key } of store.list("", options)) {
        const day = readPictureKey(key)?.day;
        // By somebody else.
        if (day === undefined) continue;
        // In the order of their days: none of the others is older.
        if (day >= limit) break;
        await store.delete(key, options);
        removed++;
      }
      return removed;
    },
    close: () => store.close(),
  };
}
