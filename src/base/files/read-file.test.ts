import { execFileSync } from "node:child_process";
import { appendFile, open, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { readBytes } from "./read-file.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

describe("reading a whole file", () => {
  it("gives its bytes in memory of their own", async () => {
    await writeFile(at("a"), "hello");
    const bytes = await readBytes(at("a"));
    expect([bytes.toString(), bytes.buffer.byteLength]).toEqual(["hello", 5]);
    await writeFile(at("empty"), "");
    expect(await readBytes(at("empty"))).toHaveLength(0);
  });

  it("refuses what is no regular file, or too large, without reading it", async () => {
    execFileSync("mkfifo", [at("fifo")]);
    await symlink("/dev/zero", at("zero"));
    await writeFile(at("sparse"), "");
    await truncate(at("sparse"), 2 ** 40);
    await writeFile(at("six"), "sixsix");
    const messages = await Promise.all(
      [
        readBytes(at("fifo")),
        readBytes(at("zero")),
        readBytes(folder),
        readBytes(at("sparse")),
        readBytes(at("six"), "six", 5),
      ].map((reading) => reading.catch(({ code, summary }) => [code, summary])),
    );
    expect(messages).toEqual(
      [
        "Expected a regular file; got a pipe",
        "Expected a regular file; got a device",
        "Expected a regular file; got a folder",
        "Expected a file of at most 2.1 GB; got one of 1.1 TB",
        "Expected a file of at most 5 B; got one of 6 B",
      ].map((summary) => ["FILE_READ_FAILED", summary]),
    );
  });

  it("refuses a file that grows while it is read", async () => {
    await writeFile(at("growing"), Buffer.alloc(2 ** 24));
    const file = await open(at("growing"), "a");
    let isReading = true;
    const growing = (async () => {
      while (isReading) await appendFile(file, "more");
    })();
    await expect(readBytes(at("growing"))).rejects.toMatchObject({
      message: expect.stringContaining("Expected a file that stays as it is while it is read"),
    });
    isReading = false;
    await growing;
    await file.close();
  });
});
