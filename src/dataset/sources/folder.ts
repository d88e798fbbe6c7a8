/** Labelled pictures in a folder. */
import { fileSamples } from "./file-samples.ts";
import { readLayout } from "./folder-layout.ts";
import { listFiles } from "./list-files.ts";
import type { Source } from "./source.ts";
import type { OpenOptions } from "./source-options.ts";

/**
 * Lists a folder of labelled pictures; `readLayout` says how labels and given splits are told,
 * `listFiles` which links are followed.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, DATASET_LAYOUT_UNCLEAR.
 */
export async function openFolder(location: string, options: OpenOptions = {}): Promise<Source> {
  const { paths, bareFolders, escaping } = await listFiles(location, options.followLinks ?? false);
  const { labelled, unlabelled, remarks } = readLayout(paths, { ...options, where: location, bareFolders });
  return {
    kind: "folder",
    location,
    skipped: [...escaping, ...unlabelled],
    remarks,
    samples: () => fileSamples(location, labelled),
    close: async () => {},
  };
}
