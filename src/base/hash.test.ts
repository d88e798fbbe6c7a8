import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { interruption } from "./cancel.ts";
import { contentHash, sha256, sha256File } from "./hash.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-hash-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("hashes of bytes and text", () => {
  it("are those of FIPS 180-4 for abc", () => {
    expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  it("take a text as its UTF-8 bytes", () => {
    expect(sha256("Katze 猫")).toBe(sha256(new TextEncoder().encode("Katze 猫")));
  });
});

describe("sha256File", () => {
  it("gives the hash of a file longer than one read", async () => {
    const bytes = Buffer.alloc((1 << 20) * 2 + 17, "pawprint");
    const path = join(folder, "long.bin");
    await writeFile(path, bytes);
    expect(await sha256File(path)).toBe(sha256(bytes));
  });

  it("names a file that does not exist", async () => {
    const path = join(folder, "none.bin");
    await expect(sha256File(path)).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: `a file or folder that exists; got ${path}`,
    });
  });

  it("says why a folder cannot be read", async () => {
    await expect(sha256File(folder)).rejects.toMatchObject({
      code: "FILE_READ_FAILED",
      message: `a file that can be read; got a folder of this name [EISDIR] (${folder})`,
    });
  });

  it("ends with INTERRUPTED where its signal is aborted", async () => {
    const path = join(folder, "interrupted.bin");
    await writeFile(path, "abc");
    const signal = AbortSignal.abort(interruption("SIGINT"));
    await expect(sha256File(path, signal)).rejects.toMatchObject({ code: "INTERRUPTED", received: "SIGINT" });
  });
});

describe("contentHash", () => {
  it("is the same for the same parts, as text or bytes", () => {
    expect(contentHash(["cat", "dog"])).toBe(contentHash([Buffer.from("cat"), "dog"]));
  });

  it("changes with the order, with the borders between parts, and with an empty part", () => {
    const lists = [["ab", "c"], ["a", "bc"], ["abc"], ["c", "ab"], ["ab", "c", ""], [], [""]];
    expect(new Set(lists.map(contentHash)).size).toBe(lists.length);
  });
});
