/** Pictures of an archive as files in a folder, for contenders that read files alone. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openSource } from "../src/dataset/sources/open-source.ts";

/** Writes the first `limit` pictures of `archive`, all unless given, below `folder`. */
export async function unpackPictures(archive: string, folder: string, limit = Number.POSITIVE_INFINITY): Promise<void> {
  const source = await openSource(archive);
  try {
    let count = 0;
    for await (const sample of source.samples()) {
      if (count++ >= limit) break;
      if (!("bytes" in sample)) continue;
      const path = join(folder, sample.id);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, await sample.bytes());
    }
  } finally {
    await source.close();
  }
}
