/** Processes that store and check out data are killed again and again: every object and file is whole. */
import * as fs from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createRandom } from "../../src/base/random.ts";
import { checkoutPath } from "../../src/versioning/cache/checkout-path.ts";
import { storePath } from "../../src/versioning/cache/hash-path.ts";
import { initRepository } from "../../src/versioning/repo/open-repository.ts";
import { contentOf, objectsIn, runAndKill, writePictures } from "../support/data-kills.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const fileCount = 1000;
const kills = 3;

it.each(["copy", "hardlink", "symlink"] as const)(
  `keeps objects and files whole through ${2 * kills} kills: %s`,
  { timeout: 240_000 },
  async (linkType) => {
    const root = fs.realpathSync(temporaryFolder("data-killed"));
    const opened = await initRepository(root, { noScm: true });
    const config = { ...opened.config, cache: { ...opened.config.cache, linkTypes: [linkType] } };
    const repository = { ...opened, config };
    const folder = join(root, "data");
    const random = createRandom(18);

    writePictures(folder, "old", fileCount);
    const before = contentOf(folder);
    let unfinished = 0;
    for (let kill = 0; kill < kills; kill++) {
      if (!(await runAndKill([root, "store", linkType], random.integer(120)))) unfinished++;
      expect(contentOf(folder)).toEqual(before);
      objectsIn(repository.cacheFolder);
    }
    const old = await storePath(repository, folder);
    expect(objectsIn(repository.cacheFolder)).toBe(fileCount + 1);

    fs.rmSync(folder, { recursive: true });
    writePictures(folder, "new", fileCount);
    const after = contentOf(folder);
    const young = await storePath(repository, folder);
    for (let kill = 0; kill < kills; kill++) {
      const wanted = kill % 2 === 0 ? old : young;
      if (!(await runAndKill([root, wanted.hash.md5, linkType], random.integer(120)))) unfinished++;
      // Each file is one version's, or the other's.
      for (const [name, text] of contentOf(folder)) expect([before.get(name), after.get(name)]).toContain(text);
      objectsIn(repository.cacheFolder);
    }
    expect(unfinished).toBeGreaterThan(kills / 2);
    await checkoutPath(repository, folder, young.hash);
    expect(contentOf(folder)).toEqual(after);
    await checkoutPath(repository, folder, old.hash);
    expect(contentOf(folder)).toEqual(before);
    expect(objectsIn(repository.cacheFolder)).toBe(2 * (fileCount + 1));
  },
);
