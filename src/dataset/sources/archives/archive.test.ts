import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { describeSource, plantPictures } from "../../../../tests/contracts/source.ts";
import { writeZip, type ZipMember } from "../../../../tests/support/zip-writer.ts";
import { openArchive } from "./archive.ts";

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
    expect(contents["dog < pets/dog/🐶 b.jpg"]).toMatch(/got encryption, or a compression method other than deflate/);
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
