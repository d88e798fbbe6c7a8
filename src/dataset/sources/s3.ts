/** Labelled pictures below a prefix of an S3-compatible object store. */

import { byCodeUnits } from "../../base/by-code-units.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { pictureLimits, tooManyBytes } from "../../image/decode.ts";
import { joinChunks } from "../../storage/object-content.ts";
import { keyFaultOf } from "../../storage/object-key.ts";
import type { ObjectStore, StoredObject } from "../../storage/object-store.ts";
import { parseS3Address, s3AddressForm } from "../../storage/s3-address.ts";
import { openS3Store } from "../../storage/s3-store.ts";
import { skippedEntry } from "./archives/entry-name.ts";
import { type FolderLayout, readLayout } from "./folder-layout.ts";
import { pictureCountLimit, type SkippedPicture, type Source } from "./source.ts";
import type { OpenOptions } from "./source-options.ts";
import { sourceChanged } from "./stamped-file.ts";

/**
 * Lists the objects below `s3://bucket/prefix`; `readLayout` says how labels and given splits are
 * told, `connectS3` where credentials come from.
 * Errors: DATASET_SOURCE_UNKNOWN for an address of another form; PACKAGE_MISSING, STORE_FAILED.
 */
export async function openS3(location: string, options: OpenOptions = {}): Promise<Source> {
  const address = parseS3Address(location);
  if (address === undefined) throw unknownAddress();
  const store = await openS3Store(address);
  const objects = new Map<string, StoredObject>();
  const hostile: SkippedPicture[] = [];
  let layout: FolderLayout;
  try {
    for await (const object of store.list()) {
      if (objects.size + hostile.length === pictureCountLimit) throw listsTooMany(location);
      const fault = keyFaultOf(object.key);
      if (fault === undefined) objects.set(object.key, object);
      else hostile.push(skippedEntry(object.key, `a key with ${fault}`));
    }
    layout = readLayout([...objects.keys()].sort(byCodeUnits), { ...options, where: location });
  } catch (error) {
    await store.close();
    throw error;
  }
  const { labelled, unlabelled, remarks } = layout;
  return {
    kind: "s3",
    location,
    skipped: [...hostile, ...unlabelled],
    remarks,
    async *samples() {
      for (const { path, ...known } of labelled) {
        const object = objects.get(path)!;
        const stamp = object.version.replaceAll('"', "");
        yield { id: path, ...known, stamp, sizeBytes: object.sizeBytes, bytes: () => readPicture(store, object) };
      }
    },
    close: () => store.close(),
  };
}

/** A store, or what answers in its place, may list without end. */
function listsTooMany(where: string): AppError {
  return new AppError("STORE_FAILED", {
    required: `a prefix with at most ${pictureCountLimit} objects`,
    received: "more than that",
    where,
    hint: "name a longer prefix",
  });
}

/** The bytes as they were when they were listed. */
async function readPicture(store: ObjectStore, { key, sizeBytes, version }: StoredObject): Promise<Uint8Array> {
  const where = store.addressOf(key);
  if (sizeBytes > pictureLimits.sizeBytes) throw tooManyBytes(sizeBytes, where);
  try {
    return await joinChunks(asListed(store.read(key, { version }), sizeBytes, where));
  } catch (error) {
    throw isAppError(error, "STORE_CONFLICT") ? sourceChanged(where) : error;
  }
}

/** Ends an answer that is longer than the listing says, instead of keeping all that comes. */
async function* asListed(chunks: AsyncIterable<Uint8Array>, sizeBytes: number, where: string) {
  let count = 0;
  for await (const chunk of chunks) {
    count += chunk.byteLength;
    if (count > sizeBytes) throw sourceChanged(where);
    yield chunk;
  }
}

/** Without the text, which may hold a password. */
function unknownAddress(): AppError {
  return new AppError("DATASET_SOURCE_UNKNOWN", {
    required: s3AddressForm,
    received: "another text behind s3://",
    hint: "credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_PROFILE), never from the address",
  });
}
