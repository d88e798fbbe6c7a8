/** An object, or the objects below a prefix, of a store. */
import { createHash } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { silentProgress } from "../../base/progress.ts";
import { forEachInParallel } from "../../image/in-parallel.ts";
import { keyFaultOf } from "../../storage/object-key.ts";
import { noObject, type ObjectStore, type StoredObject } from "../../storage/object-store.ts";
import { byCodePoints, pythonJson } from "../formats/python-json.ts";
import type { ImportOrigin } from "./import-origin.ts";

/** More objects are no data set, but a listing without end. */
const objectLimit = 10_000_000;

/** `key` is an object's, else a prefix. Errors: FILE_NOT_FOUND, STORE_FAILED, STORE_KEY_INVALID. */
export async function openStoreOrigin(
  store: ObjectStore,
  key: string,
  jobs: number,
  signal?: AbortSignal,
): Promise<ImportOrigin> {
  const options = signal === undefined ? {} : { signal };
  const name = key.replace(/\/+$/, "");
  const object = key === name && name !== "" ? await store.head(name, options) : undefined;
  if (object !== undefined) return originOf(store, "", [object], jobs);
  const prefix = name === "" ? "" : `${name}/`;
  const objects: StoredObject[] = [];
  for await (const found of store.list(prefix, options)) {
    const fault = keyFaultOf(found.key);
    if (fault !== undefined || objects.length === objectLimit) {
      throw new AppError("DATA_NAME_INVALID", {
        required: "keys that can be paths of files",
        received: fault === undefined ? "more than ten million" : `one with ${fault}`,
        where: store.addressOf(found.key),
      });
    }
    objects.push(found);
  }
  if (objects.length === 0) throw noObject(store.addressOf(key));
  return originOf(store, prefix, objects, jobs);
}

/** A prefix ends with a slash; without one it is a single object. */
function originOf(store: ObjectStore, prefix: string, objects: readonly StoredObject[], jobs: number): ImportOrigin {
  const sizeBytes = objects.reduce((sum, object) => sum + object.sizeBytes, 0);
  const etags = objects.map(({ version }) => version.replaceAll('"', ""));
  const isFile = prefix === "" && objects.length === 1;
  const rows = objects
    .map(({ key }, at) => ({ etag: etags[at]!, path: key.slice(prefix.length) }))
    .sort((a, b) => byCodePoints(a.path, b.path))
    .map(
      ({ etag, path }) =>
        new Map([
          ["etag", etag],
          ["relpath", path],
        ]),
    );
  const listMd5 = createHash("md5").update(pythonJson(rows)).digest("hex");
  return {
    version: isFile
      ? { etag: etags[0]!, sizeBytes }
      : { hash: { md5: `${listMd5}.dir`, algorithm: "md5" }, sizeBytes, fileCount: objects.length },
    versionKey: isFile ? etags[0]! : listMd5,
    async fetchTo(path, { progress = silentProgress, signal }) {
      const task = progress.start({ label: "download", total: sizeBytes, unit: "B" });
      const fetchOne = async (object: StoredObject): Promise<void> => {
        const to = isFile ? path : join(path, object.key.slice(prefix.length));
        // It got its name when it was complete.
        const isThere = (await stat(to).catch(() => undefined))?.size === object.sizeBytes;
        if (!isThere) {
          await mkdir(dirname(to), { recursive: true });
          const read = { version: object.version, ...(signal && { signal }) };
          await writeFileAtomic(to, store.read(object.key, read), { force: true, ...(signal && { signal }) });
        }
        task.advance(object.sizeBytes);
      };
      try {
        await forEachInParallel(objects, fetchOne, { concurrency: jobs, signal });
      } catch (error) {
        task.fail();
        throw error;
      }
      task.done();
    },
    close: () => store.close(),
  };
}
