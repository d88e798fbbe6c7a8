import { appendFile, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { describeSource, type PlantedPicture, plantPictures } from "../../../../tests/contracts/source.ts";
import { type LongNames, type TarMember, writeTar } from "../../../../tests/support/tar-writer.ts";
import { isAppError } from "../../../base/errors.ts";
import { openArchive } from "./archive.ts";
import type { ArchiveFile } from "./archive-file.ts";
import { openTar, type TarEntry, type TarOptions } from "./tar-file.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-tar-"));
});

async function put(bytes: Uint8Array, name = `${Math.random()}.tar`): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

async function contentsOf(tar: ArchiveFile<TarEntry>): Promise<Record<string, string>> {
  const contents = await Promise.all(
    tar.entries.map(async (entry) => [entry.name, Buffer.from(await tar.read(entry)).toString()] as const),
  );
  return Object.fromEntries(contents);
}

async function withTar<T>(path: string, use: (tar: ArchiveFile<TarEntry>) => Promise<T>): Promise<T> {
  const tar = await openTar(path);
  try {
    return await use(tar);
  } finally {
    await tar.close();
  }
}

const cat: TarMember = { name: "pets/cat/a.jpg", content: "a cat" };
const dog: TarMember = { name: "pets/dog/b.jpg", content: "a dog" };
const many = Array.from({ length: 300 }, (_, at) => ({ name: `cat/${at}.jpg`, content: `${at}`.repeat(at * 7) }));

describe("a tar", () => {
  it("gives the last of several entries with one name, at its place in the archive", async () => {
    const path = await put(writeTar([cat, dog, { ...cat, name: "./pets//cat/./a.jpg", content: "another" }]));
    await withTar(path, async (tar) => {
      expect(tar.entries.map(({ name }) => name)).toEqual(["pets/dog/b.jpg", "pets/cat/a.jpg"]);
      expect((await contentsOf(tar))["pets/cat/a.jpg"]).toBe("another");
    });
  });

  it.each<LongNames>(["pax", "gnu"])("has names of any length and script (%s)", async (form) => {
    const names = [`cat/${"x".repeat(246)}.jpg`, "cat/🐈.jpg", `${"deep/".repeat(100)}a.jpg`];
    const path = await put(
      gzipSync(
        writeTar(
          names.map((name) => ({ name, content: name })),
          form,
        ),
      ),
    );
    await withTar(path, async (tar) => {
      expect(await contentsOf(tar)).toEqual(Object.fromEntries(names.map((name) => [name, name])));
    });
  });

  it("reads names that are bytes in one encoding, and those of pax headers as UTF-8", async () => {
    const raw = (text: string): Uint8Array => Buffer.from(text, "latin1");
    const gbk = [
      { name: raw("\xc3\xa8/a.jpg"), content: "a cat" },
      { name: raw("\xb9\xb7/b.jpg"), content: "a dog" },
      { name: "猫/c.jpg", content: "another cat" },
    ];
    const namesOf = async (members: readonly TarMember[], options: TarOptions = {}): Promise<string[]> => {
      const tar = await openTar(await put(gzipSync(writeTar(members))), options);
      await tar.close();
      return [...tar.entries.map(({ name }) => name), ...(tar.doubt ? ["doubted"] : [])];
    };
    expect(await namesOf(gbk)).toEqual(["├¿/a.jpg", "╣╖/b.jpg", "猫/c.jpg", "doubted"]);
    expect(await namesOf(gbk, { nameEncoding: "gbk" })).toEqual(["猫/a.jpg", "狗/b.jpg", "猫/c.jpg"]);
    expect(await namesOf([{ ...gbk[0]!, name: Buffer.from("кот/a.jpg") }])).toEqual(["кот/a.jpg"]);
  });

  it("passes over folders, and names links, devices and what leads out of it", async () => {
    const path = await put(
      writeTar([
        { name: "pets/", type: "5" },
        cat,
        { name: "pets/cat/link.jpg", type: "2", linkName: "/etc/passwd" },
        { name: "pets/cat/hard.jpg", type: "1", linkName: "pets/cat/a.jpg" },
        { name: "pets/cat/device.jpg", type: "3" },
        { name: "../../etc/passwd.jpg", content: "x" },
        { name: "/root/x.jpg", content: "x" },
        { name: "x/..\\up.jpg", content: "x" },
        { name: "n".repeat(5000), content: "x" },
        dog,
      ]),
    );
    await withTar(path, async (tar) => {
      expect(Object.keys(await contentsOf(tar))).toEqual([cat.name, dog.name]);
      expect(tar.skipped.map(({ id, reason }) => [id, reason])).toEqual([
        ["pets/cat/link.jpg", "a link, which a stream cannot follow"],
        ["pets/cat/hard.jpg", "a link, which a stream cannot follow"],
        ["pets/cat/device.jpg", "a character device, not a file"],
        ["../../etc/passwd.jpg", "a relative path that leads upwards"],
        ["/root/x.jpg", "an absolute path"],
        ["x/..\\up.jpg", "a relative path that leads upwards"],
        [`'${"n".repeat(40)}...' (entry 8)`, "a name of 5000 bytes, more than 4096"],
      ]);
    });
  });

  it("no longer has a file that a later link took the name of", async () => {
    const path = await put(writeTar([cat, dog, { ...cat, content: "", type: "2", linkName: "elsewhere" }]));
    await withTar(path, async (tar) => {
      expect(tar.entries.map(({ name }) => name)).toEqual([dog.name]);
      expect(tar.skipped.map(({ id }) => id)).toEqual([cat.name]);
    });
  });

  it("gives a picture that lies behind the reader again, and empty ones", async () => {
    await withTar(await put(gzipSync(writeTar(many))), async (tar) => {
      const read = async (at: number): Promise<string> => Buffer.from(await tar.read(tar.entries[at]!)).toString();
      expect(await read(299)).toBe(many[299]!.content);
      expect(await read(0)).toBe("");
      expect(await read(1)).toBe(many[1]!.content);
      expect(await read(0)).toBe("");
    });
  });

  it("gives every picture its own bytes, in whatever order and however many at once", async () => {
    const path = await put(gzipSync(writeTar(many)));
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...many.keys()], { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 32 }),
        async (order, lanes) => {
          await withTar(path, async (tar) => {
            const queue = [...order];
            const lane = async (): Promise<void> => {
              for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
                const bytes = await tar.read(tar.entries[at]!);
                expect(Buffer.from(bytes).toString()).toBe(many[at]!.content);
              }
            };
            await Promise.all(Array.from({ length: lanes }, lane));
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  it("refuses an entry of more than 256 MiB when it is asked for", async () => {
    // Several gzip members one behind the other are one stream (RFC 1952, 2.2): 300 MB of zeros in
    // 300 kB.
    const head = writeTar([{ name: "cat/huge.jpg", claimedSize: 300 * 2 ** 20 }]).subarray(0, 512);
    const zeros = gzipSync(Buffer.alloc(10 * 2 ** 20));
    const parts = [gzipSync(head), ...Array.from({ length: 30 }, () => zeros), gzipSync(Buffer.alloc(1024))];
    const path = await put(Buffer.concat(parts));
    await withTar(path, async (tar) => {
      await expect(tar.read(tar.entries[0]!)).rejects.toMatchObject({
        code: "IMAGE_SIZE",
        message: expect.stringContaining("a picture file of at most 268.4 MB; got 314.6 MB"),
      });
    });
  });

  it("that unpacks to more than any set of pictures would is not read on", async () => {
    const path = await put(gzipSync(writeTar([{ name: "cat/a.jpg", content: Buffer.alloc(4 * 2 ** 20) }])));
    await expect(openTar(path, { unpackedFloorBytes: 2 ** 20 })).rejects.toMatchObject({
      code: "ARCHIVE_LIMIT",
      message: expect.stringContaining("unpacked content of at most"),
    });
  });

  it.each([
    ["an empty file", Buffer.alloc(0)],
    ["text", Buffer.from("no tar ".repeat(200))],
    ["a gzip of text", gzipSync(Buffer.from("no tar ".repeat(200)))],
    ["no blocks of zeros at its end", writeTar([cat, dog]).subarray(0, -1024)],
    ["a size that is not there", writeTar([{ ...cat, claimedSize: 100_000 }])],
    ["a header with one byte changed", Buffer.from(writeTar([cat, dog])).fill("x", 1024, 1025)],
    ["damage in its gzip", Buffer.from(gzipSync(writeTar(many))).fill(0, 2000, 2010)],
  ])("with %s is corrupt", async (_, bytes) => {
    const path = await put(bytes);
    await expect(openTar(path)).rejects.toMatchObject({ code: "ARCHIVE_CORRUPT", where: path });
  });

  it.each(["tar", "tar.gz"])("cut off anywhere (.%s) ends with a coded error", async (ending) => {
    const whole = writeTar(many.slice(0, 100));
    const bytes = ending === "tar" ? whole : gzipSync(whole);
    for (let at = 0; at < 50; at++) {
      const path = await put(bytes.subarray(0, Math.floor((bytes.length * at) / 50)), `cut.${at}.${ending}`);
      await expect(openTar(path), `${at}/50`).rejects.toMatchObject({ code: "ARCHIVE_CORRUPT" });
    }
  });

  it("with damage anywhere is read or refused with a coded error", async () => {
    const whole = gzipSync(writeTar(many.slice(0, 60)));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= flip;
        const path = await put(bytes, "damaged.tar.gz");
        const failure: unknown = await withTar(path, contentsOf).then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(failure === undefined || isAppError(failure, "ARCHIVE_CORRUPT")).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("that is written to while it is read says so to everyone who waits", async () => {
    const path = await put(writeTar(many));
    await withTar(path, async (tar) => {
      await tar.read(tar.entries[3]!);
      await appendFile(path, "more");
      const codes = await Promise.all(
        [4, 5, 2].map((at) =>
          tar.read(tar.entries[at]!).then(
            () => "read",
            ({ code }) => code,
          ),
        ),
      );
      expect(codes).toEqual(["SOURCE_CHANGED", "SOURCE_CHANGED", "SOURCE_CHANGED"]);
    });
  });

  it("is known by its content where its name does not say so", async () => {
    const path = await put(gzipSync(writeTar([cat, dog])), "dataset.bin");
    const source = await openArchive(path);
    const labels: string[] = [];
    for await (const { label } of source.samples()) labels.push(label);
    await source.close();
    expect(labels).toEqual(["cat", "dog"]);
  });
});

describe.each(["tar", "tar.gz"])("a .%s", (ending) => {
  const write = (pictures: readonly PlantedPicture[], path: string): Promise<void> => {
    const tar = writeTar(pictures.map(({ id, content }) => ({ name: id, content })));
    return writeFile(path, ending === "tar" ? tar : gzipSync(tar));
  };
  describeSource(ending, async () => {
    const pictures = plantPictures();
    const path = join(folder, `${Math.random()}.${ending}`);
    await write(pictures, path);
    const [first, ...others] = pictures;
    return {
      pictures,
      open: () => openArchive(path),
      change: () =>
        write([{ ...first!, content: Buffer.from("something else, and longer".repeat(20)) }, ...others], path),
    };
  });
});
