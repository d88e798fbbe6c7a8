import * as nodeFiles from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { interruption } from "../cancel.ts";
import { type AtomicFileSystem, ensureFolder, removeLeftovers, writeFileAtomic } from "./atomic-file.ts";
import { removeUnfinished } from "./unfinished-files.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await nodeFiles.mkdtemp(join(tmpdir(), "pawprint-atomic-"));
  path = join(folder, "model.onnx");
});
afterEach(() => nodeFiles.rm(folder, { recursive: true }));

const content = (): Promise<string> => nodeFiles.readFile(path, "utf8");
const names = async (): Promise<string[]> => (await nodeFiles.readdir(folder)).sort();
const systemError = (code: string): Error => Object.assign(new Error(`${code}: injected`), { code });
const refuse = (code: string) => () => Promise.reject(systemError(code));

/** The real file system, but for the calls that a test replaces. */
const failing = (calls: Partial<AtomicFileSystem>): AtomicFileSystem => ({ ...nodeFiles, ...calls });

describe("writeFileAtomic", () => {
  it("writes text, bytes and streams, and leaves nothing else in the folder", async () => {
    await writeFileAtomic(path, "text");
    expect(await content()).toBe("text");
    await writeFileAtomic(path, Buffer.from("bytes"), { force: true });
    expect(await content()).toBe("bytes");
    async function* chunks() {
      yield "str";
      yield new Uint8Array([101, 97, 109]);
    }
    await writeFileAtomic(path, chunks(), { force: true });
    expect(await content()).toBe("stream");
    expect(await names()).toEqual(["model.onnx"]);
  });

  it("leaves an existing file alone and points to --force", async () => {
    await writeFileAtomic(path, "old");
    await expect(writeFileAtomic(path, "new")).rejects.toMatchObject({
      code: "FILE_EXISTS",
      message: `Expected a name that is free; got a file that exists (${path})`,
      hint: "give `force` to replace it",
    });
    expect(await content()).toBe("old");
  });

  it("never replaces a file that another process made while it wrote", async () => {
    async function* slow() {
      yield "mine";
      await nodeFiles.writeFile(path, "theirs");
    }
    await expect(writeFileAtomic(path, slow())).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(await content()).toBe("theirs");
    expect(await names()).toEqual(["model.onnx"]);
  });

  it("takes the unfinished file along where the process ends at once", async () => {
    const during: string[][] = [];
    async function* cutOff() {
      yield "half";
      removeUnfinished();
      during.push(await names());
    }
    await expect(writeFileAtomic(path, cutOff())).rejects.toMatchObject({ code: "FILE_WRITE_FAILED" });
    await writeFileAtomic(path, "whole");
    removeUnfinished();
    expect({ during, after: await names() }).toEqual({ during: [[]], after: ["model.onnx"] });
  });

  it("shows the old content until the new one is whole", async () => {
    await writeFileAtomic(path, "old");
    const seen: string[] = [];
    async function* watching() {
      yield "new ";
      seen.push(await content());
      yield "content";
      seen.push(await content());
    }
    await writeFileAtomic(path, watching(), { force: true });
    expect(seen).toEqual(["old", "old"]);
    expect(await content()).toBe("new content");
  });

  it("keeps the old file and passes the error on where the source fails half-way", async () => {
    await writeFileAtomic(path, "old");
    const fault = new Error("the source broke");
    async function* broken() {
      yield "half";
      throw fault;
    }
    await expect(writeFileAtomic(path, broken(), { force: true })).rejects.toBe(fault);
    expect(await content()).toBe("old");
    expect(await names()).toEqual(["model.onnx"]);
  });

  it("keeps the old file where the work is interrupted half-way", async () => {
    await writeFileAtomic(path, "old");
    const controller = new AbortController();
    async function* interrupted() {
      yield "half";
      controller.abort(interruption("SIGINT"));
      yield "rest";
    }
    const write = writeFileAtomic(path, interrupted(), { force: true, signal: controller.signal });
    await expect(write).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(await content()).toBe("old");
    expect(await names()).toEqual(["model.onnx"]);
  });

  it("keeps the old file and says so in words where a full disk", async () => {
    await writeFileAtomic(path, "old");
    const files = failing({
      open: async (...parameters) => {
        const handle = await nodeFiles.open(...parameters);
        handle.writeFile = refuse("ENOSPC");
        return handle;
      },
    });
    await expect(writeFileAtomic(path, "new", { force: true, files })).rejects.toMatchObject({
      code: "FILE_WRITE_FAILED",
      message: `Expected a path that can be written; got a full disk [ENOSPC] (${path})`,
      hint: "make room, or choose a folder on another disk",
    });
    expect(await content()).toBe("old");
    expect(await names()).toEqual(["model.onnx"]);
  });

  it.each(["open", "rename", "lstat"] as const)("keeps the old file where %s is refused", async (call) => {
    await writeFileAtomic(path, "old");
    const files = failing({ [call]: refuse("EACCES") });
    await expect(writeFileAtomic(path, "new", { force: true, files })).rejects.toMatchObject({
      code: "FILE_WRITE_FAILED",
      received: "permission denied [EACCES]",
    });
    expect(await content()).toBe("old");
    expect(await names()).toEqual(["model.onnx"]);
  });

  it("reports the first failure where the temporary file cannot be removed either", async () => {
    const files = failing({ rename: refuse("EROFS"), rm: refuse("EACCES") });
    await expect(writeFileAtomic(path, "new", { force: true, files })).rejects.toMatchObject({
      received: "a read-only file system [EROFS]",
    });
  });

  it("writes on file systems without hard links", async () => {
    await writeFileAtomic(path, "new", { files: failing({ link: refuse("EPERM") }) });
    expect(await content()).toBe("new");
    expect(await names()).toEqual(["model.onnx"]);
  });

  it.each([
    ["missing/model.onnx", "no folder of this path [ENOENT]"],
    ["plain/model.onnx", "a file as a part of this path [ENOTDIR]"],
    ["taken", "a folder of this name"],
  ])("refuses %s", async (name, received) => {
    await nodeFiles.writeFile(join(folder, "plain"), "");
    await nodeFiles.mkdir(join(folder, "taken"));
    const write = writeFileAtomic(join(folder, name), "x", { force: true });
    await expect(write).rejects.toMatchObject({ code: "FILE_WRITE_FAILED", received });
  });

  it("replaces a symbolic link instead of writing through it", async () => {
    const cached = join(folder, "cached");
    await nodeFiles.writeFile(cached, "cached");
    await nodeFiles.symlink(cached, path);
    await writeFileAtomic(path, "new", { force: true });
    expect(await content()).toBe("new");
    expect(await nodeFiles.readFile(cached, "utf8")).toBe("cached");
  });

  it.skipIf(process.platform === "win32")("keeps the permissions of the file that it replaces", async () => {
    await nodeFiles.writeFile(path, "old", { mode: 0o600 });
    await writeFileAtomic(path, "new", { force: true });
    expect((await nodeFiles.stat(path)).mode & 0o777).toBe(0o600);
  });
});

describe("removeLeftovers", () => {
  /** A write that is killed before its file has its name. */
  const leave = (name: string) =>
    writeFileAtomic(join(folder, name), "half", { files: failing({ link: refuse("EIO"), rm: refuse("EIO") }) }).catch(
      () => undefined,
    );

  it("deletes what killed writers of such files left, and nothing else", async () => {
    for (const name of ["step.safetensors", "model.onnx", ".lock", `long.${"x".repeat(200)}`]) await leave(name);
    await nodeFiles.writeFile(join(folder, "mine.safetensors.tmp"), "");
    expect(await names()).toHaveLength(5);
    await removeLeftovers(folder, [".safetensors", `.${"x".repeat(200)}`]);
    const left = await names();
    expect(left).toEqual([
      expect.stringMatching(/^\.pawprint-[0-9a-f]{12}(\.onnx)?\.tmp$/),
      expect.stringMatching(/^\.pawprint-[0-9a-f]{12}(\.onnx)?\.tmp$/),
      "mine.safetensors.tmp",
    ]);
  });

  it("says so where the folder cannot be read", async () => {
    await expect(removeLeftovers(join(folder, "none"), [".onnx"])).rejects.toMatchObject({ code: "FILE_WRITE_FAILED" });
  });
});

describe("ensureFolder", () => {
  it("makes missing parents and is content with what is there", async () => {
    const deep = join(folder, "a", "b");
    await ensureFolder(deep);
    await ensureFolder(deep);
    expect((await nodeFiles.stat(deep)).isDirectory()).toBe(true);
  });

  it("refuses a name that a file has", async () => {
    await nodeFiles.writeFile(path, "");
    await expect(ensureFolder(path)).rejects.toMatchObject({
      code: "FILE_WRITE_FAILED",
      message: `Expected a path that can be written; got a file of this name (${path})`,
    });
    await expect(ensureFolder(join(path, "below"))).rejects.toMatchObject({ code: "FILE_WRITE_FAILED" });
  });
});
