/** The files of a run or of a logged model: its folder `artifacts`, wherever its address says it is. */
import { join } from "node:path";
import { byCodeUnits } from "../../base/by-code-units.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { openFolderStore } from "../../storage/folder-store.ts";
import { reservedStart } from "../../storage/object-key.ts";
import type { ArtifactEntry } from "../run.ts";
import { requireArtifactPath } from "../run-rules.ts";
import type { ArtifactContent } from "../run-store.ts";
import { isBelow } from "./keyed-files.ts";
import { entriesOf, kindOf, sizeOf } from "./plain-files.ts";

export const artifactsName = "artifacts";

/** The entries of one folder, by name; links, and files that are being written, are none. */
export function listFolder(owner: string, folder: string): ArtifactEntry[] {
  requireArtifactPath(folder, "folder");
  const root = join(owner, artifactsName);
  if (kindOf(root) !== "folder" || !isBelow(root, `${folder}/`)) return [];
  return entriesOf(join(root, folder))
    .filter((entry) => !entry.name.startsWith(reservedStart) && (entry.isFile() || entry.isDirectory()))
    .map((entry): ArtifactEntry => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return { path, isFolder: true };
      return { path, isFolder: false, sizeBytes: sizeOf(join(root, path)) };
    })
    .sort((a, b) => byCodeUnits(a.path, b.path));
}

export async function* readFrom(owner: string, path: string): AsyncGenerator<Uint8Array> {
  requireArtifactPath(path);
  try {
    yield* openFolderStore(join(owner, artifactsName)).read(path);
  } catch (error) {
    throw isAppError(error, "STORE_CONFLICT") ? changed(join(owner, artifactsName, path), error) : error;
  }
}

export async function writeTo(owner: string, path: string, content: ArtifactContent): Promise<void> {
  requireArtifactPath(path, "new");
  await openFolderStore(join(owner, artifactsName)).write(path, content);
}

function changed(where: string, cause: unknown): AppError {
  return new AppError("FILE_READ_FAILED", {
    required: "a file that stays as it is while it is read",
    received: "one that changed",
    where,
    cause,
  });
}
