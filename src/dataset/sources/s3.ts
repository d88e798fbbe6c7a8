/** Labelled pictures below a prefix of an S3-compatible object store. */
import { nameFaultOf, skippedEntry } from "./archives/entry-name.ts";
import { byCodeUnits } from "./folder.ts";
import { readLayout } from "./folder-layout.ts";
import { S3Store, type StoredObject } from "./s3-store.ts";
import type { SkippedPicture, Source } from "./source.ts";

/**
 * Lists the objects below `s3://bucket/prefix`; `readLayout` says how labels and given splits are
 * told. `S3Store` says where credentials come from.
 * Errors: DATASET_SOURCE_UNKNOWN for an address of another form; STORE_FAILED.
 */
export async function openS3(location: string): Promise<Source> {
  const store = await S3Store.open(location);
  const objects = new Map<string, StoredObject>();
  const hostile: SkippedPicture[] = [];
  try {
    for await (const object of store.list()) {
      const fault = nameFaultOf(object.name);
      if (fault === undefined) objects.set(object.name, object);
      else hostile.push(skippedEntry(object.name, fault));
    }
  } catch (error) {
    store.close();
    throw error;
  }
  const { labelled, unlabelled } = readLayout([...objects.keys()].sort(byCodeUnits));
  return {
    kind: "s3",
    location,
    skipped: [...hostile, ...unlabelled],
    async *samples() {
      for (const { path, ...known } of labelled) {
        const object = objects.get(path)!;
        yield { id: path, ...known, stamp: stampOfObject(object), bytes: () => store.read(object) };
      }
    },
    close: async () => store.close(),
  };
}

function stampOfObject({ etag, sizeBytes, modifiedMs }: StoredObject): string {
  return etag?.replaceAll('"', "") ?? `${sizeBytes}-${modifiedMs}`;
}
