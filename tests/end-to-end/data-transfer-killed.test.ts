/** Commands on data versions are killed at random moments: nothing is lost, and the next run completes them. */
import * as fs from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.ts";
import { repro } from "../../src/pipeline/repro.ts";
import { parseDvcLock } from "../../src/versioning/formats/dvc-lock.ts";
import { collectGarbage } from "../../src/versioning/remotes/gc.ts";
import { fetchData, pushData } from "../../src/versioning/remotes/transfer-data.ts";
import { initRepository, openRepository } from "../../src/versioning/repo/open-repository.ts";
import type { Repository } from "../../src/versioning/repo/repository.ts";
import { addData } from "../../src/versioning/workspace/add.ts";
import { checkoutData } from "../../src/versioning/workspace/checkout.ts";
import { dataStatus } from "../../src/versioning/workspace/status.ts";
import { contentOf, objectsIn, runAndKill, wholeFoldersIn, writePictures } from "../support/data-kills.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const fileCount = 600;
const objectCount = fileCount + 1; // and their list
const kills = 3;
const random = createRandom(1818);

let repository: Repository;
let root = "";
let data = "";
let store = "";
beforeEach(async () => {
  root = fs.realpathSync(temporaryFolder("data-transfer-killed"));
  data = join(root, "data");
  store = join(root, "store");
  await initRepository(root, { noScm: true });
  const config = `[core]\n    no_scm = true\n    remote = main\n['remote "main"']\n    url = ../store\n`;
  fs.writeFileSync(join(root, ".dvc/config"), config);
  repository = await openRepository(root);
  writePictures(data, "now", fileCount);
});

/** How many of them did not end by themselves: the first is killed early, the last late. */
async function killed(work: string, check: () => void, longestMs = 250): Promise<number> {
  let unfinished = 0;
  for (let kill = 0; kill < kills; kill++) {
    const afterMs = ((kill + random.next()) / kills) * longestMs;
    if (!(await runAndKill([root, work], afterMs))) unfinished++;
    check();
  }
  return unfinished;
}

it("add: the version is recorded whole or not at all", { timeout: 120_000 }, async () => {
  const before = contentOf(data);
  const unfinished = await killed("add", () => {
    expect(contentOf(data)).toEqual(before);
    const found = wholeFoldersIn(repository.cacheFolder);
    if (fs.existsSync(join(root, "data.dvc"))) expect(found).toBe(objectCount);
  });
  expect(unfinished).toBeGreaterThan(0);
  await addData(repository, ["data"], { folder: root });
  expect(wholeFoldersIn(repository.cacheFolder)).toBe(objectCount);
  expect(await dataStatus(repository)).toMatchObject({ isClean: true });
});

it("push and fetch: a folder is there with all of its files, or not", { timeout: 120_000 }, async () => {
  const before = contentOf(data);
  await addData(repository, ["data"], { folder: root });
  let unfinished = await killed("push", () => void wholeFoldersIn(store));
  await pushData(repository, []);
  expect(wholeFoldersIn(store)).toBe(objectCount);

  fs.rmSync(repository.cacheFolder, { recursive: true });
  unfinished += await killed("fetch", () => void objectsIn(repository.cacheFolder));
  expect(unfinished).toBeGreaterThan(1);
  await fetchData(repository, []);
  expect(wholeFoldersIn(repository.cacheFolder)).toBe(objectCount);
  fs.rmSync(data, { recursive: true });
  await checkoutData(repository, []);
  expect(contentOf(data)).toEqual(before);
});

it("gc: what is in use stays, and what is left is whole", { timeout: 120_000 }, async () => {
  const folder = { folder: root };
  await addData(repository, ["data"], folder);
  fs.rmSync(data, { recursive: true });
  writePictures(data, "later", fileCount);
  const later = contentOf(data);
  await addData(repository, ["data"], folder);
  expect(objectsIn(repository.cacheFolder)).toBe(2 * objectCount);
  const unfinished = await killed(
    "gc",
    () => expect(wholeFoldersIn(repository.cacheFolder)).toBeGreaterThanOrEqual(objectCount),
    150,
  );
  expect(unfinished).toBeGreaterThan(0);
  await collectGarbage(repository, { workspace: true });
  expect(wholeFoldersIn(repository.cacheFolder)).toBe(objectCount);
  fs.rmSync(data, { recursive: true });
  await checkoutData(repository, []);
  expect(contentOf(data)).toEqual(later);
});

it("repro: dvc.lock names what ran to its end, and the next run makes the rest", { timeout: 120_000 }, async () => {
  const stages = ["one", "two", "three"].map(
    (name, at, all) => `  ${name}:
    cmd: sleep 0.05; rm -rf ${name}; cp -R ${all[at - 1] ?? "data"} ${name}; echo ${name} > ${name}/made
    deps: [${all[at - 1] ?? "data"}]
    outs: [${name}]
`,
  );
  fs.writeFileSync(join(root, "dvc.yaml"), `stages:\n${stages.join("")}`);
  await addData(repository, ["data"], { folder: root });
  const lockFile = join(root, "dvc.lock");
  const unfinished = await killed(
    "repro",
    () => {
      wholeFoldersIn(repository.cacheFolder);
      const stages = fs.existsSync(lockFile) ? parseDvcLock(fs.readFileSync(lockFile), "dvc.lock") : new Map();
      for (const { outs } of stages.values()) {
        for (const { hash } of outs) {
          const object = join(repository.cacheFolder, "files/md5", hash.md5.slice(0, 2), hash.md5.slice(2));
          expect(fs.existsSync(object)).toBe(true);
        }
      }
    },
    700,
  );
  expect(unfinished).toBeGreaterThan(1);
  expect((await repro(repository)).isComplete).toBe(true);
  for (const name of ["one", "two", "three"]) {
    expect(contentOf(join(root, name))).toEqual(new Map([...contentOf(data), ["made", `${name}\n`]]));
  }
  expect((await repro(repository)).nodes.map(({ end }) => end)).toEqual(Array(4).fill("unchanged"));
});
