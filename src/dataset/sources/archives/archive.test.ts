import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { describeSource, plantPictures } from "../../../../tests/contracts/source.ts";
import { writeZip, type ZipMember } from "../../../../tests/support/zip-writer.ts";
import type { SourceOptions } from "../source-options.ts";
import { openArchive } from "./archive.ts";
import { archiveKindOf } from "./archive-kind.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-archive-"));
});

async function archive(members: readonly ZipMember[], cut = 0): Promise<string> {
  const path = join(folder, `${Math.random()}.zip`);
  const bytes = writeZip(members);
  await writeFile(path, bytes.subarray(0, bytes.length - cut));
  return path;
}

/** Content by `label < id`, or the error's code and message. */
async function read(path: string, options: SourceOptions = {}): Promise<Record<string, string>> {
  const source = await openArchive(path, options);
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

const cat: ZipMember = { name: "pets/cat/a.jpg", content: "a cat, a cat, a cat" };
const dog: ZipMember = { name: "pets/dog/🐶 b.jpg", content: "a dog", stored: true };

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
    await expect(openArchive(path)).rejects.toThrow(/^Expected a zip archive that is whole; got /);
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
    expect(contents["cat < pets/cat/bad.jpg"]).toMatch(/an archive entry that is whole; got a wrong checksum/);
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
    expect(contents["cat < pets/cat/huge.jpg"]).toMatch(/a picture file of at most 268.4 MB; got 314.6 MB/);
  });

  it.each([
    ["share one local header", 42, () => 0],
    ["lie inside the data of others", 20, (bytes: Buffer, at: number) => bytes.readUInt32LE(at) + 60],
  ])("with entries that %s is corrupt", async (_, field, lie) => {
    const bytes = writeZip([cat, dog, { ...cat, name: "pets/cat/c.jpg" }]);
    const first = bytes.indexOf("PK\x01\x02");
    for (const at of [first, bytes.indexOf("PK\x01\x02", first + 4)]) {
      bytes.writeUInt32LE(lie(bytes, at + field), at + field);
    }
    const path = join(folder, `${Math.random()}.zip`);
    await writeFile(path, bytes);
    await expect(openArchive(path)).rejects.toMatchObject({
      code: "ARCHIVE_CORRUPT",
      message: expect.stringContaining("got entries that overlap, as no tool writes them"),
    });
  });

  it("finds an entry damaged whose data reach into the next one behind a long local header", async () => {
    const bytes = writeZip([cat, dog]);
    bytes.writeUInt16LE(60, 28); // extra field of the first local header
    const path = join(folder, `${Math.random()}.zip`);
    await writeFile(path, bytes);
    const contents = await read(path);
    expect(contents["cat < pets/cat/a.jpg"]).toMatch(/bytes were promised and \d+ are there/);
    expect(contents["dog < pets/dog/🐶 b.jpg"]).toBe(dog.content);
  });

  it("that claims to unpack to more than 1 GiB and 200 times its size is refused before anything is", async () => {
    const large = [1, 2, 3, 4, 5].map((at) => ({ name: `cat/${at}.jpg`, content: "x", claimedSize: 250 * 2 ** 20 }));
    const path = await archive([dog, ...large]);
    await expect(openArchive(path)).rejects.toMatchObject({
      code: "ARCHIVE_LIMIT",
      message: `Expected unpacked content of at most 1.1 GB; got more than that (${path})`,
    });
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

  it("names the method of an entry that it cannot unpack", async () => {
    const contents = await read(await archive([cat, { ...dog, claimedMethod: 12 }]));
    expect(contents["dog < pets/dog/🐶 b.jpg"]).toMatch(/that can be unpacked; got one that is packed with bzip2/);
    expect(contents["cat < pets/cat/a.jpg"]).toBe(cat.content);
  });

  it("finds an entry damaged whose header was overwritten, or whose data lie behind the end", async () => {
    const path = join(folder, `${Math.random()}.zip`);
    const bytes = writeZip([cat, dog]);
    bytes.write("xx", 0);
    await writeFile(path, bytes);
    expect((await read(path))["cat < pets/cat/a.jpg"]).toMatch(/got no local header at the stated position/);
  });

  it("of idx files is asked to be unpacked", async () => {
    const path = await archive([{ name: "mnist/train-images-idx3-ubyte.gz", content: "x" }]);
    await expect(openArchive(path)).rejects.toMatchObject({
      code: "DATASET_SOURCE_UNKNOWN",
      hint: expect.stringContaining("unpack it"),
    });
  });

  it.each(Array.from({ length: 50 }, (_, at) => at))(
    "cut off at %d/50 of its length ends with a coded error",
    async (at) => {
      const whole = writeZip(plantPictures().map(({ id, content }) => ({ name: id, content })));
      const path = join(folder, `cut-${at}.zip`);
      await writeFile(path, whole.subarray(0, Math.floor((whole.length * at) / 50)));
      await expect(openArchive(path)).rejects.toMatchObject({ code: "ARCHIVE_CORRUPT" });
    },
  );
});

/** `label < id` of each picture. */
async function labelsOf(path: string, options: SourceOptions = {}): Promise<string[]> {
  return Object.keys(await read(path, options));
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text, "latin1");
const gbk = [
  { ...cat, name: bytesOf("\xc3\xa8/a.jpg") },
  { ...dog, name: bytesOf("\xb9\xb7/b.jpg") },
];

describe("names in a zip", () => {
  it("are UTF-8 where they are, whether the archive says so or not", async () => {
    for (const nameOf of [(text: string) => text, (text: string) => Buffer.from(text)]) {
      const members = [
        { ...cat, name: nameOf("кот/a.jpg") },
        { ...dog, name: nameOf("собака/b.jpg") },
      ];
      expect(await labelsOf(await archive(members))).toEqual(["кот < кот/a.jpg", "собака < собака/b.jpg"]);
    }
  });

  it("are UTF-8 in Info-ZIP's field, where it was made for the name beside it", async () => {
    const names = gbk.map(({ name }) => name);
    const withField = (madeFor: readonly Uint8Array[]): ZipMember[] => [
      { ...gbk[0]!, unicodeName: { text: "猫/a.jpg", madeFor: madeFor[0]! } },
      { ...gbk[1]!, unicodeName: { text: "狗/b.jpg", madeFor: madeFor[1]! } },
    ];
    expect(await labelsOf(await archive(withField(names)))).toEqual(["狗 < 狗/b.jpg", "猫 < 猫/a.jpg"]);
    expect(await labelsOf(await archive(withField([...names].reverse())))).toEqual(["├¿ < ├¿/a.jpg", "╣╖ < ╣╖/b.jpg"]);
  });

  it("are read in the encoding that is given, in labels, ids and splits", async () => {
    const path = await archive(
      ["train", "val"].flatMap((split) =>
        gbk.map((member) => ({ ...member, name: Buffer.concat([Buffer.from(`${split}/`), member.name]) })),
      ),
    );
    const source = await openArchive(path, { nameEncoding: "gbk" });
    const found: unknown[] = [];
    for await (const { id, label, split } of source.samples()) found.push([id, label, split]);
    await source.close();
    expect(source.remarks).toEqual([]);
    expect(found).toEqual([
      ["train/狗/b.jpg", "狗", "train"],
      ["train/猫/a.jpg", "猫", "train"],
      ["val/狗/b.jpg", "狗", "val"],
      ["val/猫/a.jpg", "猫", "val"],
    ]);
  });

  it("are doubted where they look wrong, and what they could mean is shown", async () => {
    const source = await openArchive(await archive(gbk));
    await source.close();
    expect(source.remarks).toMatchObject([
      { id: "├¿/a.jpg", kind: "unclear-names", reason: expect.stringContaining("could be '猫/a.jpg' in gbk") },
    ]);
  });

  it("that are not of the encoding that was given are skipped", async () => {
    const path = await archive([...gbk, { ...cat, name: bytesOf("\xc3/c.jpg") }]);
    const source = await openArchive(path, { nameEncoding: "gbk" });
    await source.close();
    expect(source.skipped).toEqual([
      { id: "\\xC3/c.jpg", code: "IMAGE_UNREADABLE", reason: "a name that is not in gbk" },
    ]);
    await expect(openArchive(path, { nameEncoding: "gkb" })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      hint: "did you mean gbk?",
    });
  });

  it.each(["./", ".//", "././", ".\\"])("may begin with %s", async (start) => {
    const members = [
      { ...cat, name: `${start}pets//cat/./a.jpg` },
      { ...dog, name: `${start}pets/dog\\b.jpg` },
    ];
    expect(await labelsOf(await archive(members))).toEqual(["cat < pets/cat/a.jpg", "dog < pets/dog/b.jpg"]);
  });

  it("give the last of several entries that are one file", async () => {
    const path = await archive([cat, dog, { ...cat, name: "./pets/cat//a.jpg", content: "another" }]);
    expect((await read(path))["cat < pets/cat/a.jpg"]).toBe("another");
  });

  it("that lead out of it are found behind ./ and backslashes too", async () => {
    const source = await openArchive(await archive([cat, dog, { ...cat, name: "./..\\up.jpg" }]));
    await source.close();
    expect(source.skipped).toMatchObject([{ id: "./..\\up.jpg", reason: "a relative path that leads upwards" }]);
  });
});

describe("a zip that cannot be read as it is", () => {
  const refusalOf = (path: string): Promise<unknown> =>
    openArchive(path).then(
      () => undefined,
      (error: unknown) => error,
    );
  const put = async (name: string, bytes: Uint8Array | string): Promise<string> => {
    const path = join(await mkdtemp(join(folder, "x-")), name);
    await writeFile(path, bytes);
    return path;
  };

  it.each([
    ["with a password", { flags: 1 }, "one that is encrypted", /unpack it with its password/],
    ["with a password (AES)", { flags: 1, claimedMethod: 99 }, "one that is encrypted", /unpack it with its password/],
    ["with strong encryption", { flags: 0x41 }, "one that is encrypted", /unpack it with its password/],
    [
      "of deflate64, as Windows makes of large files",
      { claimedMethod: 9 },
      "2 entries packed with deflate64",
      /unpack it/,
    ],
    ["of zstd", { claimedMethod: 93 }, "2 entries packed with zstd", /pack it again/],
    ["of a method without a name", { claimedMethod: 77 }, "2 entries packed with method 77", /pack it again/],
  ])("%s is refused at once", async (_, member, received, hint) => {
    const path = await archive([cat, dog].map((one) => ({ ...one, ...member })));
    expect(await refusalOf(path)).toMatchObject({
      code: "ARCHIVE_UNSUPPORTED",
      message: `Expected an archive in one file, without a password, packed with deflate; got ${received} (${path})`,
      hint: expect.stringMatching(hint),
    });
  });

  it("gives its other pictures where some are encrypted", async () => {
    const contents = await read(await archive([cat, { ...dog, flags: 1 }]));
    expect(contents["cat < pets/cat/a.jpg"]).toBe(cat.content);
    expect(contents["dog < pets/dog/🐶 b.jpg"]).toMatch(/that can be unpacked; got one that is encrypted/);
  });

  it("names the archives inside it where it holds no picture", async () => {
    const members = ["train.zip", "test1.zip", "sampleSubmission.csv"].map((name) => ({ name, content: "x" }));
    expect(await refusalOf(await archive(members))).toMatchObject({
      code: "DATASET_SOURCE_UNKNOWN",
      message: expect.stringContaining("got an archive of archives: 'test1.zip', 'train.zip' ("),
      hint: "unpack it, then name 'train.zip' or the folder with all of it unpacked",
    });
  });

  it("keeps an entry beside one whose name leads to the same place from outside", async () => {
    const good = { name: "cat/a.jpg", content: "good" };
    const source = await openArchive(await archive([good, dog, { name: "/cat/a.jpg", content: "bad" }]));
    const ids: string[] = [];
    for await (const { id } of source.samples()) ids.push(id);
    await source.close();
    expect(ids).toContain("cat/a.jpg");
    expect(source.skipped).toMatchObject([{ id: "/cat/a.jpg", reason: "an absolute path" }]);
  });

  it("skips names that would make folders without end", async () => {
    const source = await openArchive(await archive([cat, dog, { name: `${"a/".repeat(300)}x.jpg`, content: "x" }]));
    await source.close();
    expect(source.skipped).toMatchObject([{ reason: "a name of 301 parts, more than 256" }]);
  });

  it("remarks on archives beside its pictures", async () => {
    const source = await openArchive(await archive([cat, dog, { name: "more/test.tar.gz", content: "x" }]));
    await source.close();
    expect(source.remarks).toEqual([
      {
        kind: "archives-inside",
        id: "",
        reason: "archives inside this one: 'more/test.tar.gz'",
      },
      { kind: "other-files", id: "", reason: "no pictures by their names: 'more/test.tar.gz'" },
    ]);
  });

  it("skips links, and takes an entry that lies about its size for damaged", async () => {
    const path = await archive([
      cat,
      dog,
      { name: "pets/cat/link.jpg", content: "/etc/passwd", unixMode: 0o120777 },
      { ...dog, name: "pets/dog/short.jpg", claimedSize: 3 },
    ]);
    const source = await openArchive(path);
    await source.close();
    expect(source.skipped).toMatchObject([{ id: "pets/cat/link.jpg", reason: "a link, which is not followed" }]);
    expect(await read(path)).toMatchObject({
      "dog < pets/dog/short.jpg": expect.stringMatching(/that is whole; got 5 bytes instead of 3/),
      "cat < pets/cat/a.jpg": cat.content,
    });
  });

  it.each([
    ["without an entry", []],
    [
      "of folders alone",
      [
        { name: "cat/", content: "" },
        { name: "dog\\", content: "" },
      ],
    ],
  ])("%s is empty", async (_, members) => {
    expect(await refusalOf(await archive(members))).toMatchObject({
      code: "DATASET_EMPTY",
      message: expect.stringContaining("got one without a file in it"),
    });
  });

  it("in several parts is to be joined, whichever part is named", async () => {
    const last = writeZip([cat, dog]);
    last.writeUInt16LE(2, last.length - 18);
    const first = Buffer.concat([Buffer.from("PK\x07\x08"), writeZip([cat]).subarray(0, 60)]);
    const parts: [string, Uint8Array, string][] = [
      ["pets.zip", last, "the last of 3 parts of an archive"],
      ["pets.z01", first, "one part of an archive in several"],
      ["pets.zip.001", first.subarray(4), "one part of an archive in several"],
    ];
    for (const [name, bytes, received] of parts) {
      expect(await refusalOf(await put(name, bytes))).toMatchObject({
        code: "ARCHIVE_UNSUPPORTED",
        received,
        hint: expect.stringContaining("join the parts"),
      });
    }
  });

  it.each([
    ["7z\xbc\xaf\x27\x1c", "a 7z archive"],
    ["Rar!\x1a\x07\x01\0", "a RAR archive"],
    ["\n<!DOCTYPE html><html>", "a web page, perhaps of a download that asked for a login"],
    ["\x1f\x8b\x08 no tar", "a file packed by gzip"],
    ["version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer in place of the file"],
    ["<?xml version='1.0'?><Error>", "an XML document"],
  ])("is named where only its name is a zip's (%j)", async (start, what) => {
    expect(await refusalOf(await put("pets.zip", Buffer.from(start.padEnd(600, "x"), "latin1")))).toMatchObject({
      code: "DATASET_SOURCE_UNKNOWN",
      received: expect.stringContaining(what),
    });
  });
});

describe("a zip in a file with something around it", () => {
  it.each(["MZ", "#!/bin/sh\n"])("is read behind the program that unpacks it (%j)", async (start) => {
    const path = join(await mkdtemp(join(folder, "x-")), "pets.exe");
    await writeFile(path, Buffer.concat([Buffer.from(start.padEnd(5000, "x")), writeZip([cat, dog])]));
    expect(await archiveKindOf(path)).toBe("zip");
    expect((await read(path))["cat < pets/cat/a.jpg"]).toBe(cat.content);
  });

  it("is read before blanks at its end", async () => {
    const path = join(folder, `${Math.random()}.zip`);
    await writeFile(path, Buffer.concat([writeZip([cat, dog]), Buffer.from("\r\n\0\0")]));
    expect((await read(path))["dog < pets/dog/🐶 b.jpg"]).toBe(dog.content);
  });

  it("is not taken for the zip inside it where it is cut off", async () => {
    const inner = writeZip([cat, dog]);
    const whole = writeZip([cat, { name: "inner.zip", content: inner, stored: true }]);
    const path = join(folder, `${Math.random()}.zip`);
    await writeFile(path, whole.subarray(0, whole.indexOf(inner) + inner.length));
    await expect(openArchive(path)).rejects.toMatchObject({
      code: "ARCHIVE_CORRUPT",
      message: expect.stringContaining("got one without the directory at its end: it is cut off"),
    });
  });
});

describeSource("a zip archive", async () => {
  const pictures = plantPictures();
  const path = join(folder, `${Math.random()}.zip`);
  const write = (changed: string): Promise<void> =>
    writeFile(
      path,
      writeZip(
        pictures.map(({ id, content }, at) => ({
          name: id,
          content: at === 0 ? changed : content,
          stored: at % 2 > 0,
        })),
      ),
    );
  await write(Buffer.from(pictures[0]!.content).toString());
  return { pictures, open: () => openArchive(path), change: () => write("something else") };
});
