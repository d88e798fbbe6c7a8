import { execFileSync } from "node:child_process";
import { cp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { isAppError } from "../../base/errors.ts";
import { createLogger } from "../../base/logger.ts";
import type { Progress } from "../../base/progress.ts";
import { createRandom } from "../../base/random.ts";
import type { Recipe } from "../../image/recipe.ts";
import type { Source } from "../sources/source.ts";
import { buildPack, openPack, type PackOptions } from "./build-pack.ts";
import { batches } from "./loader.ts";
import type { Pack } from "./pack.ts";
import { sealLine } from "./sealed-line.ts";

const recipe: Recipe = { width: 6, height: 4, channels: 3, fit: "cover", kernel: "cubic" };
const rowBytes = 6 * 4 * 3;

/** Pictures that are pixels already; `from` makes other ones of the same names. */
function sourceOf({ location = "/data/pets", from = 0, count = 12, names = "" } = {}): Source {
  return {
    kind: "folder",
    location,
    skipped: [{ id: "cat/x.txt", code: "IMAGE_UNREADABLE", reason: "text" }],
    remarks: [],
    async *samples() {
      for (let at = 0; at < count; at++) {
        const label = at % 2 === 0 ? "cat" : "dog";
        const pixels = Uint8Array.from({ length: rowBytes }, (_, byte) => (byte * 7 + (at + from) * 31) % 256);
        const image = { width: 6, height: 4, channels: 3, pixels } as const;
        yield { id: `${label}/${names}${at}.png`, label, stamp: `${from + at}`, image };
      }
    },
    close: async () => {},
  };
}

/** All that a training sees of a pack. */
async function contentOf(pack: Pack): Promise<unknown> {
  try {
    const rows: unknown[] = [];
    for (const split of ["train", "val", "test"] as const) {
      for await (const { pixels, targets, indices } of batches(pack, split, { batchSize: 4, last: "pad" })) {
        rows.push([[...pixels], [...targets], [...indices]]);
      }
    }
    const { pixels: _, ...facts } = pack;
    return { ...facts, rows };
  } finally {
    await pack.pixels.close();
  }
}

interface Built {
  readonly folder: string;
  readonly content: unknown;
}
async function build(source = sourceOf(), options: PackOptions = {}): Promise<Built> {
  const folder = options.folder ?? join(temporaryFolder("pack-damage"), "pack");
  return { folder, content: await contentOf(await buildPack(source, recipe, { ...options, folder })) };
}
const reopened = async (folder: string): Promise<unknown> => contentOf((await openPack(folder)).pack);
const filesOf = async (folder: string, ending: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith(ending)).map((name) => join(folder, name));

/** Cuts a pack's one shard into several of four rows. */
async function cutShards(folder: string): Promise<string[]> {
  const [shard] = await filesOf(folder, ".u8");
  const bytes = await readFile(shard!);
  const perShard = 4 * rowBytes;
  for (let at = 0; at * perShard < bytes.length; at++) {
    const name = shard!.replace("-00000.", `-0000${at}.`);
    await writeFile(name, bytes.subarray(at * perShard, (at + 1) * perShard));
  }
  await rewrite(folder, 0, (header: object) => ({ ...header, rowsPerShard: 4 }));
  return filesOf(folder, ".u8");
}

/** Changes one line of the index as someone would who knows the format; its checksum is right. */
async function rewrite(folder: string, line: number, change: (value: never) => object): Promise<void> {
  const path = join(folder, "index.jsonl");
  const lines = (await readFile(path, "utf8")).split("\n");
  const value: unknown = JSON.parse(lines[line]!);
  if (Array.isArray(value)) value.pop();
  else delete (value as { seal?: string }).seal; // lines are arrays or objects
  lines[line] = sealLine(JSON.stringify(change(value as never))).trimEnd(); // whatever the caller knows it to be
  await writeFile(path, lines.join("\n"));
}

/** Opens and reads everything: PACK_INVALID with its place, or exactly what was packed. */
async function expectNoticed({ folder, content }: Built, path: string): Promise<boolean> {
  try {
    expect(await reopened(folder)).toEqual(content);
    return false;
  } catch (error) {
    if (!isAppError(error)) throw error;
    expect(error).toMatchObject({ code: "PACK_INVALID", hint: expect.stringContaining("pawprint data pack") });
    expect(error.where).toContain(path);
    return true;
  }
}

describe("a finished pack of which one byte was changed", () => {
  it("is refused with the place, or read as it was, wherever the byte stands", async () => {
    const built = await build();
    await cutShards(built.folder);
    const random = createRandom("bytes");
    for (const path of [...(await filesOf(built.folder, ".u8")), join(built.folder, "index.jsonl")]) {
      const whole = await readFile(path);
      for (let round = 0; round < 120; round++) {
        const bytes = Buffer.from(whole);
        bytes[random.integer(bytes.length)]! ^= 1 + random.integer(255);
        await writeFile(path, bytes);
        // Every byte of these files has a meaning.
        expect(await expectNoticed(built, path)).toBe(true);
      }
      await writeFile(path, whole);
    }
    expect(await reopened(built.folder)).toEqual(built.content);
  });

  it("says which row of which file is damaged and of which picture, and the next build mends it", async () => {
    const { folder, content } = await build();
    const [shard] = await filesOf(folder, ".u8");
    const bytes = await readFile(shard!);
    bytes[5 * rowBytes + 17]! ^= 1;
    await writeFile(shard!, bytes);
    expect(await failureOf(reopened(folder))).toMatchObject({
      message: `Expected the pixels that were packed of 'dog/5.png'; got pixels with another checksum (${shard}, row 5)`,
    });
    const warnings: string[] = [];
    let decoded = 0;
    const progress: Progress = { start: () => ({ advance: () => decoded++, done: () => {}, fail: () => {} }) };
    const logger = createLogger((level, message) => level === "warn" && warnings.push(message));
    expect((await build(sourceOf(), { folder, progress, logger })).content).toEqual(content);
    expect(decoded).toBe(1);
    expect(warnings).toContain(`decoded again, since their pixels in ${folder} were damaged: 1 picture`);
    expect(await reopened(folder)).toEqual(content);
  });
});

describe("a finished pack whose files were exchanged", () => {
  it("is refused, or read as it was, when a file is cut off, extended or emptied", async () => {
    const built = await build();
    await cutShards(built.folder);
    const random = createRandom("lengths");
    for (const path of [...(await filesOf(built.folder, ".u8")), join(built.folder, "index.jsonl")]) {
      const whole = await readFile(path);
      for (let round = 0; round < 20; round++) {
        await writeFile(path, whole.subarray(0, random.integer(whole.length - 1)));
        expect(await expectNoticed(built, path)).toBe(true);
      }
      for (const more of ["\n", "x", whole.subarray(-40), Buffer.alloc(5 * 2 ** 20, "y")]) {
        await writeFile(path, Buffer.concat([whole, Buffer.from(more)]));
        // Bytes behind the last row are nobody's.
        expect(await expectNoticed(built, path)).toBe(!path.endsWith(".u8"));
      }
      await writeFile(path, whole);
    }
  }, 20_000);

  it("is refused when two shards changed places, or a row of another picture was put in", async () => {
    const built = await build();
    const [first, second] = await cutShards(built.folder);
    await rename(first!, `${first}.x`);
    await rename(second!, first!);
    await rename(`${first}.x`, second!);
    expect(await expectNoticed(built, built.folder)).toBe(true);
  });

  it("is refused with the index of another pack, also when the shards are named after it", async () => {
    const built = await build();
    const other = await build(sourceOf({ from: 500 }));
    await cp(join(other.folder, "index.jsonl"), join(built.folder, "index.jsonl"));
    expect(await expectNoticed(built, built.folder)).toBe(true);
    const [shard] = await filesOf(built.folder, ".u8");
    const [named] = await filesOf(other.folder, ".u8");
    await rename(shard!, join(built.folder, named!.slice(other.folder.length + 1)));
    expect(await expectNoticed(built, built.folder)).toBe(true);
  });

  it.skipIf(process.platform === "win32")("waits for no pipe in the place of a file", async () => {
    const { folder } = await build();
    for (const path of [...(await filesOf(folder, ".u8")), join(folder, "index.jsonl")]) {
      await rm(path);
      execFileSync("mkfifo", [path]);
      expect(await failureOf(openPack(folder))).toMatchObject({ code: "FILE_READ_FAILED" });
    }
  });
});

describe("an index that someone made up", () => {
  type Line = readonly unknown[];
  const at = (position: number, value: unknown) => (line: Line) => line.with(position, value);
  const [headerLine, contentsLine, skippedLine, pictureLine] = [0, 1, 2, 5];

  it.each<[string, number, (line: never) => object]>([
    ["a row that wraps to 0 in 32 bits", pictureLine, at(4, 2 ** 32)],
    ["the last row of 32 bits", pictureLine, at(4, 2 ** 32 - 1)],
    ["a row far behind the pictures", pictureLine, at(4, 2 ** 32 - 2)],
    ["a row below 0", pictureLine, at(4, -1)],
    ["half a row", pictureLine, at(4, 0.5)],
    ["the row of another picture", pictureLine, at(4, 0)],
    ["the id of another picture", pictureLine, at(0, "cat/0.png")],
    ["an id that is a number", pictureLine, at(0, 7)],
    ["a label that is a list", pictureLine, at(1, ["cat"])],
    ["a split of its own", pictureLine, at(2, "trial")],
    ["a short hash", pictureLine, at(5, "abc")],
    ["a hash that is no hash", pictureLine, at(5, "x".repeat(64))],
    ["a checksum of 33 bits", pictureLine, at(6, 2 ** 32)],
    ["a short fingerprint", pictureLine, at(7, "AAAA")],
    ["a picture that is deep", pictureLine, at(0, JSON.parse(`${"[".repeat(900)}${"]".repeat(900)}`))],
    ["a picture that is an object", pictureLine, () => ({ id: "cat/0.png" })],
    ["a skipped picture that is nothing", skippedLine, () => [null]],
    ["a skipped picture with an unknown code", skippedLine, at(2, "NO_CODE")],
    ["fewer pictures", contentsLine, (line: object) => ({ ...line, pictures: 11 })],
    ["more pictures", contentsLine, (line: object) => ({ ...line, pictures: 13 })],
    ["pictures beyond all memory", contentsLine, (line: object) => ({ ...line, pictures: 2 ** 31 })],
    ["more skipped pictures", contentsLine, (line: object) => ({ ...line, skipped: 2 })],
    ["a list of skipped pictures", contentsLine, (line: object) => ({ ...line, skipped: [null] })],
    ["no source", contentsLine, ({ pictures, skipped }: never) => ({ pictures, skipped })],
    ["a source of no kind", contentsLine, (line: object) => ({ ...line, source: { kind: "tape", location: "" } })],
    ["shards outside", headerLine, (line: object) => ({ ...line, generation: "../../x1" })],
    ["shards without rows", headerLine, (line: object) => ({ ...line, rowsPerShard: 0 })],
    ["shards without end", headerLine, (line: object) => ({ ...line, rowsPerShard: 1e300 })],
    ["shards of one row, which are not there", headerLine, (line: object) => ({ ...line, rowsPerShard: 1 })],
    ["larger pictures", headerLine, (line: object) => ({ ...line, recipe: { ...recipe, width: 4096 } })],
  ])("is refused: %s", async (_, line, change) => {
    const built = await build();
    await rewrite(built.folder, line, change);
    expect(await expectNoticed(built, built.folder)).toBe(true);
  });

  it("is refused with a recipe that no version has", async () => {
    const { folder } = await build();
    await rewrite(folder, 0, (line: object) => ({ ...line, recipe: { ...recipe, width: 1e9 } }));
    expect(await failureOf(openPack(folder))).toMatchObject({ code: "RECIPE_INVALID" });
  });

  it("keeps names of any characters, line separators and halves of characters among them", async () => {
    const { folder, content } = await build(sourceOf({ names: 'a\u2028b\r\n\ud800"\u0000é' }));
    expect(await reopened(folder)).toEqual(content);
  });
});

describe("a build that was ended and whose files were changed", () => {
  it("goes on with intact rows and lines alone", async () => {
    const source = sourceOf({ count: 700 });
    const { content } = await build(source);
    const folder = join(temporaryFolder("pack-damage"), "pack");
    const controller = new AbortController();
    let decoded = 0;
    const progress: Progress = {
      start: () => ({ advance: () => ++decoded === 650 && controller.abort(), done: () => {}, fail: () => {} }),
    };
    await failureOf(buildPack(source, recipe, { folder, progress, signal: controller.signal }));
    const begun = `${folder}-begun`;
    await cp(folder, begun, { recursive: true });
    const random = createRandom("journal");
    for (let round = 0; round < 12; round++) {
      await rm(folder, { recursive: true });
      await cp(begun, folder, { recursive: true });
      for (const path of [...(await filesOf(folder, ".journal")), ...(await filesOf(folder, ".u8"))]) {
        const bytes = await readFile(path);
        for (let change = 0; change < 5; change++) bytes[random.integer(bytes.length)]! ^= 1 + random.integer(255);
        await writeFile(path, bytes);
      }
      expect((await build(source, { folder })).content).toEqual(content);
    }
  }, 30_000);
});

describe("a folder that holds the pack of another source", () => {
  it("is left as it is, unless replacing it is asked for", async () => {
    const { folder, content } = await build();
    const other = sourceOf({ location: "/data/birds", from: 500, count: 20 });
    expect(await failureOf(build(other, { folder }))).toMatchObject({
      code: "FILE_EXISTS",
      message: `Expected a folder that is new, or holds a pack of the same pictures; got the pack of /data/pets (${folder})`,
      hint: "choose another folder, or give `force` to replace that pack",
    });
    expect(await reopened(folder)).toEqual(content);
    const replaced = await build(other, { folder, force: true });
    expect(replaced.content).toEqual((await build(other)).content);
    expect(await reopened(folder)).toEqual(replaced.content);
  });

  it("is told from a source whose pictures changed, and from one that was moved", async () => {
    const { folder } = await build();
    // The same place with other pictures.
    await build(sourceOf({ from: 500 }), { folder });
    // The same pictures in another place, with some more.
    const moved = sourceOf({ location: "/mnt/pets", from: 500, count: 20 });
    expect((await build(moved, { folder })).content).toEqual((await build(moved)).content);
    // From now on this is its place.
    await build(sourceOf({ location: "/mnt/pets" }), { folder });
    expect(await failureOf(build(sourceOf({ from: 900 }), { folder }))).toMatchObject({ code: "FILE_EXISTS" });
  });

  it("is replaced where the pack is damaged", async () => {
    const { folder } = await build();
    await writeFile(join(folder, "index.jsonl"), "x");
    const other = sourceOf({ location: "/data/birds", from: 500 });
    expect((await build(other, { folder })).content).toEqual((await build(other)).content);
  });
});
