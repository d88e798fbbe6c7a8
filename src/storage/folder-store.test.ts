import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeObjectStore } from "../../tests/contracts/object-store.ts";
import { openFolderStore } from "./folder-store.ts";
import { readBytesOf } from "./object-store.ts";

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "folder-store-"));
});
afterEach(async () => {
  await rm(parent, { recursive: true });
});

describeObjectStore("a folder", async () => ({ store: openFolderStore(join(parent, "new", "store")) }));

describe("a folder store", () => {
  it("leaves nothing but objects behind", async () => {
    const store = openFolderStore(join(parent, "store"));
    const first = await store.write("a/b", Buffer.from("old"));
    await store.write("a/b", Buffer.from("new"), { only: first });
    await expect(store.write("a/b", Buffer.from("newer"), { only: first })).rejects.toThrow();
    expect(await readdir(join(parent, "store", "a"))).toEqual(["b"]);
  });

  it.skipIf(process.platform === "win32")("neither follows nor lists symbolic links, and replaces them", async () => {
    const [root, outside] = [join(parent, "store"), join(parent, "outside")];
    await mkdir(root);
    await mkdir(outside);
    await writeFile(join(outside, "secret"), "secret");
    await symlink(join(outside, "secret"), join(root, "link"));
    await symlink(outside, join(root, "folder"));
    const store = openFolderStore(root);
    for await (const _ of store.list()) expect.unreachable();
    for await (const _ of store.list("folder/")) expect.unreachable();
    for (const key of ["link", "folder/secret"]) {
      expect(await store.head(key)).toBeUndefined();
      await expect(readBytesOf(store, key)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    }
    await expect(store.write("folder/new", Buffer.from("x"))).rejects.toMatchObject({ code: "FILE_WRITE_FAILED" });
    await store.delete("folder/secret");
    await store.write("link", Buffer.from("own"));
    expect(await readdir(outside)).toEqual(["secret"]);
    expect(Buffer.from(await readBytesOf(store, "link")).toString()).toBe("own");
  });

  it("may itself lie behind a symbolic link", async () => {
    await mkdir(join(parent, "real"));
    await symlink(join(parent, "real"), join(parent, "store"));
    const store = openFolderStore(join(parent, "store"));
    await store.write("a/b", Buffer.from("x"));
    expect(await readdir(join(parent, "real"))).toEqual(["a"]);
  });
});
