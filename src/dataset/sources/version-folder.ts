/** Labelled pictures of a data version: a folder's content as the cache has it, without a check-out. */
import { statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { byCodeUnits } from "../../base/by-code-units.ts";
import { AppError } from "../../base/errors.ts";
import { readFailure } from "../../base/files/file-failure.ts";
import { pictureLimits, tooManyBytes } from "../../image/decode.ts";
import type { TreeFile } from "../../versioning/data-hash.ts";
import type { OpenedVersion } from "../../versioning/versions/open-version.ts";
import { readLayout } from "./folder-layout.ts";
import { pictureCountLimit, type Source } from "./source.ts";
import type { OpenOptions } from "./source-options.ts";

/** Errors: those of `readLayout`; DATASET_TOO_LARGE for more pictures than the limit. */
export async function openVersionFolder(
  location: string,
  { version, read, pathOf }: OpenedVersion,
  files: readonly TreeFile[],
  options: OpenOptions,
): Promise<Source> {
  if (files.length > pictureCountLimit) {
    throw new AppError("DATASET_TOO_LARGE", {
      required: `a folder with at most ${pictureCountLimit} files`,
      received: "more than that",
      where: location,
    });
  }
  const hashes = new Map(files.map(({ path, md5 }) => [path, md5]));
  const paths = [...hashes.keys()].sort(byCodeUnits);
  const { labelled, unlabelled, remarks } = readLayout(paths, { ...options, where: location });
  return {
    kind: "version",
    location,
    version,
    skipped: unlabelled,
    remarks,
    async *samples() {
      for (const { path, ...known } of labelled) {
        const md5 = hashes.get(path)!; // the layout is of these paths
        const object = pathOf(md5);
        yield { id: path, ...known, stamp: md5, sizeBytes: sizeOf(object), bytes: () => readPicture(object, md5) };
      }
    },
    async close() {},
  };

  function sizeOf(object: string): number {
    return statSync(object, { throwIfNoEntry: false })?.size ?? 0;
  }

  async function readPicture(object: string, md5: string): Promise<Uint8Array> {
    const { size } = await stat(object).catch((error: unknown) => {
      throw readFailure(object, error);
    });
    if (size > pictureLimits.sizeBytes) throw tooManyBytes(size, object);
    return read(md5, pictureLimits.sizeBytes);
  }
}
