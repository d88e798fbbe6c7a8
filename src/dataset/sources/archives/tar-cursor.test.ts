import { type FileHandle, mkdtemp, open, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeTar } from "../../../../tests/support/tar-writer.ts";
import { TarCursor } from "./tar-cursor.ts";
import { readTarEntries } from "./tar-entries.ts";

const contents = Array.from({ length: 400 }, (_, at) => `content ${at}`);
let handle: FileHandle;
let passes: number;
let cursor: TarCursor;
beforeEach(async () => {
  const path = join(await mkdtemp(join(tmpdir(), "pawprint-cursor-")), "x.tar");
  const tar = writeTar(contents.map((content, at) => ({ name: `cat/${at}.jpg`, content })));
  await writeFile(path, tar);
  handle = await open(path);
  passes = 0;
  const input = { handle, location: path, sizeBytes: tar.length, isGzip: false, unpackedFloorBytes: 2 ** 30 };
  const start = () => {
    passes++;
    return readTarEntries(input);
  };
  cursor = new TarCursor(start, () => true);
});
afterEach(async () => {
  await cursor.close();
  await handle.close();
});

const read = async (at: number): Promise<string> => Buffer.from(await cursor.read(at)).toString();

describe("a cursor over a tar", () => {
  it("takes one pass for requests that come in order, many at once", async () => {
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let at = next++; at < contents.length; at = next++) expect(await read(at)).toBe(contents[at]);
    };
    await Promise.all(Array.from({ length: 16 }, lane));
    expect(passes).toBe(1);
  });

  it("takes one pass, too, for requests that come up to 60 places late", async () => {
    const blocks = Array.from({ length: 6 }, (_, block) => Array.from({ length: 60 }, (_, at) => 60 * block + at));
    for (const at of blocks.flatMap((block) => block.toReversed())) expect(await read(at)).toBe(contents[at]);
    expect(passes).toBe(1);
  });

  it("begins anew for an entry far behind it, and once for all that wait", async () => {
    await read(300);
    expect(await Promise.all([5, 100, 3].map(read))).toEqual([contents[5], contents[100], contents[3]]);
    expect(passes).toBe(2);
  });

  it("answers everyone who asks for the same entry", async () => {
    expect(await Promise.all([7, 7, 7].map(read))).toEqual([contents[7], contents[7], contents[7]]);
    expect(passes).toBe(1);
  });

  it("fails all that wait where there is no such entry, and goes on", async () => {
    const outcomes = await Promise.allSettled([read(400), read(1000)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await read(0)).toBe(contents[0]);
  });
});
