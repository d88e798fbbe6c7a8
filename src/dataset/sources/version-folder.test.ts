import { execFileSync } from "node:child_process";
import { mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { awkwardNames, describeSource, plantPictures } from "../../../tests/contracts/source.ts";
import { gitEnvironment } from "../../../tests/support/dvc-peer.ts";
import { writePictureFolder } from "../../../tests/support/picture-folder.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { parseRecipe } from "../../image/recipe.ts";
import { initRepository } from "../../versioning/repo/open-repository.ts";
import type { Repository } from "../../versioning/repo/repository.ts";
import { parseVersionAddress } from "../../versioning/versions/version-address.ts";
import { addData } from "../../versioning/workspace/add.ts";
import { buildPack } from "../pack/build-pack.ts";
import { openSource } from "./open-source.ts";

function git(root: string, ...words: readonly string[]): void {
  execFileSync("git", words, { cwd: root, env: { ...process.env, ...gitEnvironment }, stdio: "ignore" });
}

async function newRepository(): Promise<{ readonly root: string; readonly repository: Repository }> {
  const root = realpathSync(temporaryFolder("version"));
  git(root, "init", "-q");
  return { root, repository: await initRepository(root) };
}

function commit(root: string, tag: string): void {
  git(root, "add", "--all");
  git(root, "commit", "-q", "-m", tag);
  git(root, "tag", tag);
}

describeSource("a data version", async () => {
  const { root, repository } = await newRepository();
  const pictures = plantPictures(awkwardNames);
  const folder = join(root, "raw");
  for (const { id, content } of pictures) {
    mkdirSync(dirname(join(folder, id)), { recursive: true });
    writeFileSync(join(folder, id), content);
  }
  await addData(repository, [folder]);
  commit(root, "v1");
  return {
    pictures,
    open: () => openSource(`${folder}@v1`),
    async change() {
      writeFileSync(join(folder, pictures[0]!.id), "another content");
      await addData(repository, [folder]);
      git(root, "add", "--all");
      git(root, "commit", "-q", "-m", "changed");
      git(root, "tag", "--force", "v1");
    },
    afterChange: "old content",
  };
});

describe("addresses of data versions", () => {
  it.each([
    ["data/raw@v1.0", "data/raw", "v1.0"],
    ["data/raw@feature/x", "data/raw", "feature/x"],
    ["data/raw@HEAD@{1}", "data/raw", "HEAD@{1}"],
    ["data/raw.dvc@v1", "data/raw.dvc", "v1"],
    ["an@data/raw@v1", "an@data/raw", "v1"],
  ])("%s", async (location, path, revision) => {
    expect(await parseVersionAddress(location)).toEqual({ path, revision });
  });

  it("are none where something of that name exists", async () => {
    const folder = temporaryFolder("named");
    mkdirSync(join(folder, "raw@v1"));
    expect(await parseVersionAddress(join(folder, "raw@v1"))).toBeUndefined();
    expect(await parseVersionAddress(join(folder, "raw"))).toBeUndefined();
  });
});

describe("a version of pictures", () => {
  let root = "";
  let repository: Repository;
  let folder = "";
  beforeEach(async () => {
    ({ root, repository } = await newRepository());
    folder = join(root, "raw");
    await writePictureFolder(folder, { perClass: 12 });
    await addData(repository, [folder]);
    commit(root, "v1");
  });

  const recipe = parseRecipe({ width: 8, height: 8, channels: 3, fit: "stretch", kernel: "linear" });
  const hashOf = async (location: string): Promise<string> => {
    const source = await openSource(location);
    const pack = await buildPack(source, recipe, {});
    await pack.pixels.close();
    await source.close();
    return pack.hash;
  };

  it("is the same dataset as the folder that it was, without a check-out", async () => {
    const before = await hashOf(folder);
    rmSync(folder, { recursive: true });
    expect(await hashOf(`${folder}@v1`)).toBe(before);
    expect(await hashOf(`${folder}.dvc`)).toBe(before);
    const { version, kind } = await openSource(`${folder}@v1`);
    expect([kind, version]).toEqual([
      "version",
      expect.objectContaining({ path: "raw", file: "raw.dvc", revision: "v1", md5: expect.stringMatching(/\.dir$/) }),
    ]);
  });

  it("of one that is not there is named with its revision", async () => {
    await expect(openSource(`${folder}@v9`)).rejects.toMatchObject({ code: "GIT_REVISION_UNKNOWN" });
    await expect(openSource(`${join(root, "other")}@v1`)).rejects.toMatchObject({
      code: "DATA_NOT_TRACKED",
      required: "data that is tracked at v1",
    });
    rmSync(join(root, ".dvc/cache"), { recursive: true });
    await expect(openSource(`${folder}@v1`)).rejects.toMatchObject({ code: "DATA_OBJECT_MISSING" });
  });

  it("may be a single file, opened as what its name says", async () => {
    writeFileSync(join(root, "labels.csv"), "path,label\nraw/red/red.0.png,cat\n");
    await addData(repository, [join(root, "labels.csv")]);
    commit(root, "v2");
    renameSync(join(root, "labels.csv"), join(root, "elsewhere.csv"));
    const source = await openSource(`${join(root, "labels.csv")}@v2`);
    const found: string[] = [];
    for await (const { id, label } of source.samples()) found.push(`${id} ${label}`);
    expect([source.kind, found]).toEqual(["manifest", ["raw/red/red.0.png cat"]]);
  });
});
