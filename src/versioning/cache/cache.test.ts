import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import type { LinkType } from "../formats/dvc-config.ts";
import { initRepository } from "../repo/open-repository.ts";
import type { Repository } from "../repo/repository.ts";
import { checkoutPath } from "./checkout-path.ts";
import { hashPath, storePath } from "./hash-path.ts";
import { objectPath } from "./object-cache.ts";
import { workPlaceOf } from "./work-place.ts";

let root = "";
let repository: Repository;
beforeEach(async () => {
  root = fs.realpathSync(temporaryFolder("cache"));
  repository = await initRepository(root, { noScm: true });
});

function write(files: Readonly<Record<string, string>>): string {
  const folder = join(root, "data");
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(join(folder, name, ".."), { recursive: true });
    fs.writeFileSync(join(folder, name), text);
  }
  return folder;
}

function read(folder: string): Readonly<Record<string, string>> {
  const names = fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    names
      .filter((name) => fs.statSync(join(folder, name)).isFile())
      .map((name) => [name, fs.readFileSync(join(folder, name), "utf8")]),
  );
}

function linked(types: readonly LinkType[]): Repository {
  return { ...repository, config: { ...repository.config, cache: { ...repository.config.cache, linkTypes: types } } };
}

const pictures = { "cat/1.jpg": "one", "cat/2.jpg": "two", "dog/größe 'q'.jpg": "three", "dog/empty.jpg": "" };

describe("data in the cache", () => {
  it("has the hash that DVC gives it", async () => {
    const folder = write({ a: "a\n", fl: "b\n", "sub/c": "c\n" });
    const { hash, fileCount, sizeBytes } = (await hashPath(repository, folder))!;
    expect([hash.md5, fileCount, sizeBytes]).toEqual(["4fc3768b6db1ca03f7895b65dfc1f9f4.dir", 3, 6]);
  });

  it("is nothing where nothing is, and an empty folder's hash where a folder is empty", async () => {
    expect(await hashPath(repository, join(root, "data"))).toBeUndefined();
    fs.mkdirSync(join(root, "data"));
    expect((await hashPath(repository, join(root, "data")))?.hash.md5).toBe("d751713988987e9331980363e24189ce.dir");
  });

  it.each([[["copy"]], [["reflink", "copy"]], [["hardlink", "copy"]], [["symlink"]]] as const)(
    "comes back as it was with the link types %s",
    async (types) => {
      const place = linked(types);
      const folder = write(pictures);
      const { hash, newObjects } = await storePath(place, folder);
      expect(newObjects).toBe(5);
      expect((await storePath(place, folder)).newObjects).toBe(0);
      fs.rmSync(folder, { recursive: true });
      expect(await checkoutPath(place, folder, hash)).toEqual({ added: 4, modified: 0, deleted: 0 });
      expect(read(folder)).toEqual(pictures);
      expect((await hashPath(place, folder))?.hash).toEqual(hash);
      expect(await checkoutPath(place, folder, hash)).toEqual({ added: 0, modified: 0, deleted: 0 });
    },
  );

  it("never takes a file of the same size for the old one, however soon it was written", async () => {
    const folder = write({ a: "111" });
    const seen = new Set<string>();
    for (let turn = 0; turn < 30; turn++) {
      fs.writeFileSync(join(folder, "a"), String(100 + turn));
      seen.add((await hashPath(repository, folder))!.hash.md5);
    }
    expect(seen.size).toBe(30);
  });

  it("is changed only where it differs, and folders that became empty go", async () => {
    const folder = write(pictures);
    const first = await storePath(repository, folder);
    fs.rmSync(join(folder, "dog"), { recursive: true });
    write({ "cat/1.jpg": "changed", "bird/new.jpg": "new" });
    const second = await storePath(repository, folder);
    expect(await checkoutPath(repository, folder, first.hash)).toEqual({ added: 2, modified: 1, deleted: 1 });
    expect(read(folder)).toEqual(pictures);
    expect(fs.readdirSync(folder).sort()).toEqual(["cat", "dog"]);
    expect(await checkoutPath(repository, folder, second.hash)).toEqual({ added: 1, modified: 1, deleted: 2 });
  });

  it("is not overwritten by a check-out while no version has it", async () => {
    const folder = write(pictures);
    const { hash } = await storePath(repository, folder);
    write({ "cat/1.jpg": "precious", "cat/new.jpg": "precious too" });
    await expect(checkoutPath(repository, folder, hash)).rejects.toMatchObject({
      code: "DATA_UNSAVED",
      received: expect.stringContaining("2 that would be lost"),
    });
    await expect(checkoutPath(repository, folder, undefined)).rejects.toMatchObject({ code: "DATA_UNSAVED" });
    expect(read(folder)).toMatchObject({ "cat/1.jpg": "precious", "cat/new.jpg": "precious too" });
    await checkoutPath(repository, folder, hash, { force: true });
    expect(read(folder)).toEqual(pictures);
  });

  it.each(["copy", "hardlink", "symlink"] as const)("is never linked out damaged: %s", async (type) => {
    const folder = write({ "1.jpg": "one", "2.jpg": "two" });
    const { hash } = await storePath(repository, folder);
    const md5 = createHash("md5").update("one").digest("hex");
    const object = objectPath(repository, { md5, algorithm: "md5" });
    fs.chmodSync(object, 0o644);
    fs.writeFileSync(object, "0ne");
    fs.rmSync(folder, { recursive: true });
    const place = linked([type]);
    await expect(checkoutPath(place, folder, hash)).rejects.toMatchObject({ code: "DATA_OBJECT_CORRUPT" });
    expect(read(folder)).toEqual({ "2.jpg": "two" });
    expect(fs.readFileSync(`${object}.corrupt`, "utf8")).toBe("0ne");
    await expect(checkoutPath(place, folder, hash)).rejects.toMatchObject({ code: "DATA_OBJECT_MISSING" });
    expect(read(folder)).toEqual({ "2.jpg": "two" });
  });

  it.each(["hardlink", "symlink"] as const)("is not lost to a damaged object of its size: %s", async (type) => {
    const content = { "1.jpg": "one", "2.jpg": "2".repeat(3_000_000) };
    const folder = write(content);
    await storePath(repository, folder);
    for (const text of Object.values(content)) {
      const md5 = createHash("md5").update(text).digest("hex");
      const object = objectPath(repository, { md5, algorithm: "md5" });
      fs.chmodSync(object, 0o644);
      fs.writeFileSync(object, text.replace(/^./, "X"));
    }
    fs.rmSync(join(repository.tempFolder, "pawprint"), { recursive: true });
    await storePath(linked([type]), folder);
    expect(read(folder)).toEqual(content);
  });

  it("is written again where the object in the cache was cut off", async () => {
    const folder = write({ "1.jpg": "one" });
    const { hash } = await storePath(repository, folder);
    const md5 = createHash("md5").update("one").digest("hex");
    const object = objectPath(repository, { md5, algorithm: "md5" });
    fs.chmodSync(object, 0o644);
    fs.truncateSync(object, 1);
    fs.rmSync(join(repository.tempFolder, "pawprint"), { recursive: true });
    await storePath(repository, folder);
    expect(fs.readFileSync(object, "utf8")).toBe("one");
    expect((await hashPath(repository, folder))?.hash).toEqual(hash);
  });

  it("may become a file where it was a folder, and a folder again", async () => {
    const folder = write(pictures);
    const first = await storePath(repository, folder);
    fs.rmSync(folder, { recursive: true });
    fs.writeFileSync(folder, "a file");
    const second = await storePath(repository, folder);
    await checkoutPath(repository, folder, first.hash);
    expect(read(folder)).toEqual(pictures);
    await checkoutPath(repository, folder, second.hash);
    expect(fs.readFileSync(folder, "utf8")).toBe("a file");
  });

  it("leaves out what .dvcignore names, and refuses names that are no UTF-8, pipes, and links to nowhere", async () => {
    fs.writeFileSync(join(root, ".dvcignore"), "*.tmp\n!keep.tmp\n");
    const folder = write({ "a.jpg": "a", "b.tmp": "b", "keep.tmp": "c" });
    expect(
      (await hashPath(repository, folder))
        ?.files?.()
        .map(({ path }) => path)
        .sort(),
    ).toEqual(["a.jpg", "keep.tmp"]);
    fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x63, 0xe9])]), "x");
    await expect(hashPath(repository, folder)).rejects.toMatchObject({ code: "DATA_NAME_INVALID" });
    fs.rmSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x63, 0xe9])]));
    fs.symlinkSync("nowhere", join(folder, "dangling"));
    await expect(hashPath(repository, folder)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it("is hashed again where the state file is damaged", async () => {
    const folder = write(pictures);
    const { hash } = await storePath(repository, folder);
    const states = join(repository.tempFolder, "pawprint/state");
    for (const name of fs.readdirSync(states)) fs.writeFileSync(join(states, name), "v1 nonsense\n\n\n");
    expect((await hashPath(repository, folder))?.hash).toEqual(hash);
  });

  it("is not lost where the cache's object of it is damaged", async () => {
    const folder = write({ "1.jpg": "one" });
    const first = await storePath(repository, folder);
    write({ "1.jpg": "two" });
    await storePath(repository, folder);
    const object = objectPath(repository, { md5: createHash("md5").update("two").digest("hex"), algorithm: "md5" });
    fs.chmodSync(object, 0o644);
    fs.writeFileSync(object, "tw0");
    await expect(checkoutPath(repository, folder, first.hash)).rejects.toMatchObject({ code: "DATA_UNSAVED" });
    expect(read(folder)).toEqual({ "1.jpg": "two" });
    // Adding it puts it into the cache again, and then the check-out may go on.
    expect((await storePath(repository, folder)).newObjects).toBe(1);
    expect(await checkoutPath(repository, folder, first.hash)).toMatchObject({ modified: 1 });
    expect(fs.readFileSync(object, "utf8")).toBe("two");
  });

  it("is never written through a link that leads elsewhere", async () => {
    const outside = temporaryFolder("outside");
    fs.writeFileSync(join(outside, "mine"), "mine");
    const folder = write({ "cat/1.jpg": "one", "cat/deep/2.jpg": "two" });
    const { hash } = await storePath(repository, folder);
    // In place of a folder inside.
    fs.rmSync(join(folder, "cat"), { recursive: true });
    fs.symlinkSync(outside, join(folder, "cat"));
    await expect(checkoutPath(repository, folder, hash)).rejects.toMatchObject({ code: "DATA_UNSAVED" });
    expect(fs.readdirSync(outside)).toEqual(["mine"]);
    await checkoutPath(repository, folder, hash, { force: true });
    expect(read(folder)).toEqual({ "cat/1.jpg": "one", "cat/deep/2.jpg": "two" });
    expect(fs.readdirSync(outside)).toEqual(["mine"]);
    // In place of the data.
    fs.rmSync(folder, { recursive: true });
    fs.symlinkSync(outside, folder);
    const refused = { code: "FILE_WRITE_FAILED", received: "a symbolic link" };
    await expect(checkoutPath(repository, folder, hash, { force: true })).rejects.toMatchObject(refused);
    await expect(checkoutPath(repository, folder, undefined, { force: true })).rejects.toMatchObject(refused);
    await expect(checkoutPath(repository, join(folder, "sub"), hash)).rejects.toMatchObject(refused);
    expect(fs.readdirSync(outside)).toEqual(["mine"]);
  });

  it("takes no ignored file with it, whatever it becomes", async () => {
    const folder = write({ "a.jpg": "a", "sub/notes.tmp": "old notes", "sub/b.jpg": "b" });
    const all = await storePath(repository, folder);
    fs.rmSync(folder, { recursive: true });
    fs.writeFileSync(folder, "a file");
    const single = await storePath(repository, folder);
    await checkoutPath(repository, folder, all.hash);
    fs.writeFileSync(join(root, ".dvcignore"), "*.tmp\n");
    fs.writeFileSync(join(folder, "sub/notes.tmp"), "my notes");
    await storePath(repository, folder);
    // A file where the folder is; another content for the ignored file; nothing.
    for (const hash of [single.hash, all.hash]) {
      await expect(checkoutPath(repository, folder, hash)).rejects.toMatchObject({
        code: "DATA_UNSAVED",
        received: expect.stringMatching(/^1 that would be lost, the first .*sub\/notes\.tmp$/),
      });
    }
    await checkoutPath(repository, folder, undefined);
    expect(read(folder)).toEqual({ "sub/notes.tmp": "my notes" });
    await checkoutPath(repository, folder, single.hash, { force: true });
    expect(fs.readFileSync(folder, "utf8")).toBe("a file");
    await checkoutPath(repository, folder, undefined);
    expect(fs.existsSync(folder)).toBe(false);
  });

  it("may have a file where a folder of folders was, and back", async () => {
    const folder = write({ "a/b/c": "one", "a/b/d": "two" });
    const deep = await storePath(repository, folder);
    fs.rmSync(folder, { recursive: true });
    write({ a: "a file" });
    const flat = await storePath(repository, folder);
    await checkoutPath(repository, folder, deep.hash);
    fs.mkdirSync(join(folder, "a/empty/emptier"), { recursive: true });
    await checkoutPath(repository, folder, flat.hash);
    expect(read(folder)).toEqual({ a: "a file" });
    await checkoutPath(repository, folder, deep.hash);
    expect(read(folder)).toEqual({ "a/b/c": "one", "a/b/d": "two" });
  });

  it("needs no rest of a process that was killed, and removes it after a day", async () => {
    const place = workPlaceOf(repository);
    fs.mkdirSync(place.objectTemp, { recursive: true });
    const young = join(place.objectTemp, "young.tmp");
    fs.writeFileSync(young, "half");
    await storePath(repository, write(pictures));
    expect(fs.readdirSync(place.objectTemp)).toEqual(["young.tmp"]);
    const now = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 25 * 3_600_000);
    write({ more: "more" });
    await storePath(repository, join(root, "data")).finally(() => now.mockRestore());
    expect(fs.readdirSync(place.objectTemp)).toEqual([]);
  });
});
