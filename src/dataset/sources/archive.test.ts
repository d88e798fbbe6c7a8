import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { openArchive } from "./archive.ts";

interface Member {
  readonly name: string;
  readonly content: string;
  /** Stored as it is, without deflate. */
  readonly stored?: boolean;
  /** What the archive claims, where that is not the truth. */
  readonly claimedSize?: number;
  readonly claimedCrc?: number;
}

/** A zip as PKWARE's APPNOTE 6.3 describes it: local headers with data, the central directory, its end record. */
function writeZip(members: readonly Member[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, stored, claimedSize, claimedCrc } of members) {
    const data = Buffer.from(content);
    const packed = stored ? data : deflateRawSync(data);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x800, 2); // names are UTF-8
    fields.writeUInt16LE(stored ? 0 : 8, 4);
    fields.writeUInt32LE(claimedCrc ?? crc32(data), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(claimedSize ?? data.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), fields, tail, Buffer.from(name));
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, central, Buffer.from("PK\x05\x06"), end]);
}

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-archive-"));
});

async function archive(members: readonly Member[], cut = 0): Promise<string> {
  const path = join(folder, `${Math.random()}.zip`);
  const bytes = writeZip(members);
  await writeFile(path, bytes.subarray(0, bytes.length - cut));
  return path;
}

/** Content by `label < id`, or the error's code and message. */
async function read(path: string): Promise<Record<string, string>> {
  const source = await openArchive(path);
  const contents: Record<string, string> = {};
  for await (const sample of source.samples()) {
    if (!("bytes" in sample)) continue;
    contents[`${sample.label} < ${sample.id}`] = await sample.bytes().then(
      (bytes) => Buffer.from(bytes).toString(),
      (error: unknown) => String(error),
    );
  }
  await source.close();
  return contents;
}

const cat: Member = { name: "pets/cat/a.jpg", content: "a cat, a cat, a cat" };
const dog: Member = { name: "pets/dog/🐶 b.jpg", content: "a dog", stored: true };

describe("a zip of pictures", () => {
  it("is read where it lies, stored and deflated entries alike", async () => {
    expect(await read(await archive([dog, cat]))).toEqual({
      "cat < pets/cat/a.jpg": cat.content,
      "dog < pets/dog/🐶 b.jpg": dog.content,
    });
  });

  it("may hold numbered names", async () => {
    const members = [
      { ...cat, name: "cat.1.jpg" },
      { ...dog, name: "dog.2.jpg" },
    ];
    expect(Object.keys(await read(await archive(members)))).toEqual(["cat < cat.1.jpg", "dog < dog.2.jpg"]);
  });

  it("with backslashes in its names, as old Windows tools write them, has folders", async () => {
    const members = [
      { ...cat, name: "cat\\a.jpg" },
      { ...dog, name: "dog\\b.jpg" },
    ];
    expect(Object.keys(await read(await archive(members)))).toEqual(["cat < cat/a.jpg", "dog < dog/b.jpg"]);
  });

  it.each([1, 22, 60, 120])("that lacks its last %d bytes is corrupt", async (cut) => {
    const path = await archive([cat, dog], cut);
    await expect(openArchive(path)).rejects.toMatchObject({ code: "ARCHIVE_CORRUPT", where: path });
    await expect(openArchive(path)).rejects.toThrow(/^a zip archive that is whole; got /);
  });

  it("that is empty or another file is corrupt", async () => {
    const path = join(folder, "empty.zip");
    await writeFile(path, "");
    await expect(openArchive(path)).rejects.toMatchObject({ code: "ARCHIVE_CORRUPT" });
  });

  it("that is not there is named", async () => {
    await expect(openArchive(join(folder, "none.zip"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it("keeps its other pictures where one entry is damaged", async () => {
    const bad = { name: "pets/cat/bad.jpg", content: "not what it was", claimedCrc: 1 };
    const contents = await read(await archive([cat, bad, dog]));
    expect(contents["cat < pets/cat/bad.jpg"]).toMatch(/an archive entry that is whole; got its checksum is wrong/);
    expect(contents["cat < pets/cat/a.jpg"]).toBe(cat.content);
  });

  it("gives no more bytes than an entry claims, however far it would inflate", async () => {
    const bomb = { name: "pets/cat/bomb.jpg", content: "0".repeat(1_000_000), claimedSize: 1000 };
    const contents = await read(await archive([cat, bomb, dog]));
    expect(contents["cat < pets/cat/bomb.jpg"]).toMatch(
      /an archive entry that is whole; got Cannot create a Buffer larger/,
    );
  });

  it("refuses an entry that claims more than 256 MiB before reading it", async () => {
    const huge = { name: "pets/cat/huge.jpg", content: "x", claimedSize: 300 * 2 ** 20 };
    const contents = await read(await archive([cat, huge, dog]));
    expect(contents["cat < pets/cat/huge.jpg"]).toMatch(/a picture file has at most 268.4 MB; got 314.6 MB/);
  });

  it("skips names that lead out of it, and takes the rest", async () => {
    const members = [cat, dog, { ...cat, name: "../../etc/passwd.jpg" }, { ...cat, name: "/root/x.jpg" }];
    const source = await openArchive(await archive(members));
    expect(source.skipped).toMatchObject([
      { id: "../../etc/passwd.jpg", code: "IMAGE_UNREADABLE", reason: expect.stringContaining("relative path") },
      { id: "/root/x.jpg", code: "IMAGE_UNREADABLE", reason: expect.stringContaining("absolute path") },
    ]);
    await source.close();
  });
});
