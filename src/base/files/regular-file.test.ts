import { execFileSync } from "node:child_process";
import { closeSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { openRegularFile, openRegularFileSync, readUpTo } from "./regular-file.ts";

describe.skipIf(process.platform === "win32")("a path that names no regular file", () => {
  async function plant(kind: string): Promise<string> {
    const folder = temporaryFolder("regular");
    const path = join(folder, "x");
    if (kind === "a pipe") execFileSync("mkfifo", [path]);
    if (kind === "a folder") await mkdir(path);
    if (kind === "a device") await symlink("/dev/zero", path);
    if (kind === "a socket or a device") {
      const server = createServer().listen(path);
      onTestFinished(() => void server.close());
      await new Promise((resolve) => server.once("listening", resolve));
    }
    return path;
  }

  it.each(["a pipe", "a folder", "a device", "a socket or a device"])("but %s is refused at once", async (kind) => {
    const path = await plant(kind);
    const expected = { code: "FILE_READ_FAILED", message: `Expected a regular file; got ${kind} (it)` };
    expect(await failureOf(openRegularFile(path, "it"))).toMatchObject(expected);
    expect(failureOf(() => openRegularFileSync(path, "it"))).toMatchObject(expected);
  });
});

describe("a regular file", () => {
  it("is opened, also behind a link", async () => {
    const folder = temporaryFolder("regular");
    await writeFile(join(folder, "a"), "x");
    await symlink("a", join(folder, "b"));
    await (await openRegularFile(join(folder, "b"))).close();
    closeSync(openRegularFileSync(join(folder, "b")));
    expect(await failureOf(openRegularFile(join(folder, "none")))).toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it("gives what it has where it is shorter than asked for, and no more where it is longer", async () => {
    const path = join(temporaryFolder("regular"), "a");
    await writeFile(path, "12345");
    const handle = await openRegularFile(path);
    try {
      expect((await readUpTo(handle, 9)).toString()).toBe("12345");
      expect((await readUpTo(handle, 3)).toString()).toBe("123");
    } finally {
      await handle.close();
    }
  });
});
