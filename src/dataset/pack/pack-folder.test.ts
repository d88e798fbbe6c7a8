import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import sharp from "sharp";
import { beforeEach, describe, expect, it } from "vitest";
import { createLogger } from "../../base/logger.ts";
import type { Progress } from "../../base/progress.ts";
import type { Recipe } from "../../image/recipe.ts";
import { openSource } from "../sources/open-source.ts";
import { buildPack, isPackFolder, openPack, type PackOptions } from "./build-pack.ts";
import { type Pack, readPixels } from "./pack.ts";

const recipe: Recipe = { width: 6, height: 4, channels: 3, fit: "cover", kernel: "cubic" };
let pictures = "";
let folder = "";
beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), "pawprint-pack-folder-"));
  pictures = join(root, "pictures");
  folder = join(root, "pack");
  for (let at = 0; at < 5; at++) {
    await put(`cat/${at}.png`, at);
    await put(`dog/${at}.png`, 100 + at);
  }
});

async function put(path: string, number: number): Promise<void> {
  const pixels = Uint8Array.from({ length: 10 * 10 * 3 }, (_, at) => (at * 7 + number * 31) % 256);
  await mkdir(dirname(join(pictures, path)), { recursive: true });
  await sharp(pixels, { raw: { width: 10, height: 10, channels: 3 } }).toFile(join(pictures, path));
}

/** What is in a pack, without where it lies. */
async function contentOf({ pixels, ...facts }: Pack) {
  const all = await readPixels(
    { pixels },
    Uint32Array.from({ length: pixels.rowCount }, (_, at) => at),
  );
  await pixels.close();
  return { ...facts, pixels: all };
}

/** Builds into the folder and counts what had to be decoded. */
async function build(options: PackOptions = {}) {
  let decoded = 0;
  const progress: Progress = { start: () => ({ advance: () => decoded++, done: () => {}, fail: () => {} }) };
  const pack = await buildPack(await openSource(pictures), recipe, { folder, progress, ...options });
  return { content: await contentOf(pack), decoded };
}
const inMemory = async () => contentOf(await buildPack(await openSource(pictures), recipe));
const reopened = async () => contentOf((await openPack(folder)).pack);

describe("a pack in a folder", () => {
  it("holds what a pack in memory holds, and opens again without its source", async () => {
    const { content, decoded } = await build();
    expect(decoded).toBe(10);
    expect(content).toEqual(await inMemory());
    await rm(pictures, { recursive: true });
    expect(await isPackFolder(folder)).toBe(true);
    expect(await reopened()).toEqual(content);
    expect((await readdir(folder)).sort()).toEqual([expect.stringMatching(/^[0-9a-f]{8}-00000\.u8$/), "index.jsonl"]);
  });

  it("is rebuilt for pictures that came, went or changed, and for no other", async () => {
    await build();
    expect((await build()).decoded).toBe(0);
    await put("cat/new.png", 50);
    await put("dog/2.png", 51);
    await rm(join(pictures, "dog/0.png"));
    const { content, decoded } = await build();
    expect(decoded).toBe(2);
    expect(content).toEqual(await inMemory());
    expect(await reopened()).toEqual(content);
  });

  it("knows a picture that moved to another class without decoding it twice where its name stays", async () => {
    await build();
    await put("cat/copy.png", 77);
    await build();
    await rename(join(pictures, "cat"), join(pictures, "lynx"));
    const { content, decoded } = await build();
    // Ids are paths, so that a renamed folder is one of new pictures.
    expect(decoded).toBe(6);
    expect(content).toEqual(await inMemory());
  });

  it("is built anew where the recipe is another, or most of its rows are left over", async () => {
    await build();
    const [first] = (await readdir(folder)).filter((name) => name.endsWith(".u8"));
    for (let round = 0; round < 3; round++) {
      for (let at = 0; at < 5; at++) await put(`cat/${at}.png`, 200 + 10 * round + at);
      expect((await build()).content).toEqual(await inMemory());
    }
    const shards = (await readdir(folder)).filter((name) => name.endsWith(".u8"));
    expect(shards).toHaveLength(1);
    expect(shards).not.toContain(first);
    const larger = await buildPack(await openSource(pictures), { ...recipe, width: 8 }, { folder });
    expect(larger.pixels.rowBytes).toBe(8 * 4 * 3);
    await larger.pixels.close();
  });

  it("lets one build in at a time", async () => {
    const both = await Promise.all([build(), build()]);
    for (const { content } of both) expect(content).toEqual(await inMemory());
    expect(await reopened()).toEqual(await inMemory());
  });

  it("takes splits, salt and folds when it is opened", async () => {
    await build();
    const { pack } = await openPack(folder, { proportions: { train: 0.5, val: 0, test: 0.5 }, salt: "other" });
    expect([...pack.splits]).not.toContain(1);
    await pack.pixels.close();
  });
});

describe("a build that was ended", () => {
  it("leaves the old pack whole and goes on with what was finished", async () => {
    const { content } = await build();
    for (let at = 0; at < 40; at++) await put(`dog/more-${at}.png`, 150 + at);
    const controller = new AbortController();
    let decoded = 0;
    const progress: Progress = {
      start: () => ({ advance: () => ++decoded === 20 && controller.abort(), done: () => {}, fail: () => {} }),
    };
    const source = await openSource(pictures);
    await expect(buildPack(source, recipe, { folder, progress, signal: controller.signal })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    expect((await reopened()).pixels).toEqual(content.pixels);
    const next = await build();
    expect(next.decoded).toBeLessThanOrEqual(20);
    expect(next.content).toEqual(await inMemory());
  });

  it("continues after kill -9 at any moment, and takes nothing half-written for whole", async () => {
    for (let at = 0; at < 1200; at++) {
      // One file under many names would be one picture: a byte behind the end of a PNG makes each
      // its own.
      const bytes = await readFile(join(pictures, "cat/0.png"));
      await writeFile(join(pictures, `cat/n${at}.png`), Buffer.concat([bytes, Buffer.from(`${at}`)]));
    }
    const script = `
      import { buildPack } from ${JSON.stringify(resolve("src/dataset/pack/build-pack.ts"))};
      import { openSource } from ${JSON.stringify(resolve("src/dataset/sources/open-source.ts"))};
      let done = 0;
      const advance = () => { if (++done % 50 === 0) process.stdout.write("."); };
      await buildPack(await openSource(${JSON.stringify(pictures)}), ${JSON.stringify(recipe)}, {
        folder: ${JSON.stringify(folder)},
        progress: { start: () => ({ advance, done: () => {}, fail: () => {} }) },
      });`;
    // A slow disk journals the first rows later than they are decoded: the last kill waits for them.
    const hasJournalledRows = () =>
      readdirSync(folder).some(
        (name) => name.endsWith(".journal") && readFileSync(join(folder, name), "utf8").split("\n").length > 2,
      );
    let kills = 0;
    for (const dots of [2, 6, 12]) {
      const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
      let seen = 0;
      child.stdout.on("data", (chunk: Buffer) => {
        seen += chunk.length;
        if (seen >= dots && (dots < 12 || hasJournalledRows())) child.kill("SIGKILL");
      });
      const [, signal] = await once(child, "exit");
      if (signal === "SIGKILL") kills++;
      if (!(await isPackFolder(folder)))
        await expect(openPack(folder)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    }
    expect(kills).toBeGreaterThan(0);
    const { content, decoded } = await build();
    expect(decoded).toBeLessThan(1210);
    expect(content).toEqual(await inMemory());
  }, 60_000);

  it("trusts no row whose checksum is wrong, and no line that was cut off", async () => {
    for (let at = 0; at < 600; at++) {
      const bytes = await readFile(join(pictures, "cat/1.png"));
      await writeFile(join(pictures, `cat/n${at}.png`), Buffer.concat([bytes, Buffer.from(`${at}`)]));
    }
    const controller = new AbortController();
    let decoded = 0;
    const progress: Progress = {
      start: () => ({ advance: () => ++decoded === 580 && controller.abort(), done: () => {}, fail: () => {} }),
    };
    const source = await openSource(pictures);
    await buildPack(source, recipe, { folder, progress, signal: controller.signal }).catch(() => undefined);
    const names = await readdir(folder);
    const shard = join(folder, names.find((name) => name.endsWith(".u8"))!);
    const journal = join(folder, names.find((name) => name.endsWith(".journal"))!);
    const bytes = await readFile(shard);
    bytes[72 * 7 + 3]! ^= 0xff;
    await writeFile(shard, bytes.subarray(0, bytes.length - 72 * 20 - 5));
    await appendFile(journal, '["cat/half.png","cat",nul');
    const next = await build();
    expect(next.content).toEqual(await inMemory());
    // The 30 or so that were not decoded, the damaged one, and those whose rows were cut off.
    expect(next.decoded).toBeGreaterThanOrEqual(30 + 1);
    expect(next.decoded).toBeLessThan(120);
  });
});

describe("a pack that is damaged", () => {
  const damage = async (change: (text: string) => string): Promise<void> => {
    const index = join(folder, "index.jsonl");
    await writeFile(index, change(await readFile(index, "utf8")));
  };

  it.each([
    ["cut off", (text: string) => text.slice(0, text.length - 40)],
    ["without its last picture", (text: string) => `${text.trimEnd().split("\n").slice(0, -1).join("\n")}\n`],
    ["of another version", (text: string) => text.replace('"version":2', '"version":3')],
    ["of another format", (text: string) => text.replace("pawprint-pack", "other")],
    ["with a row that is no number", (text: string) => text.replace(/,0,"/, ',"x","')],
    ["empty", () => ""],
  ])("is refused when opened, and replaced when built: index %s", async (_, change) => {
    await build();
    await damage(change);
    await expect(openPack(folder)).rejects.toMatchObject({ code: "PACK_INVALID" });
    const warnings: string[] = [];
    const logger = createLogger((level, message) => level === "warn" && warnings.push(message));
    const { content, decoded } = await build({ logger });
    expect(decoded).toBe(10);
    expect(warnings).toEqual([expect.stringContaining("is built anew")]);
    expect(content).toEqual(await inMemory());
  });

  it("is refused where a shard is missing or too short", async () => {
    await build();
    const shard = join(folder, (await readdir(folder)).find((name) => name.endsWith(".u8"))!);
    await truncate(shard, 100);
    await expect(openPack(folder)).rejects.toMatchObject({ code: "PACK_INVALID", where: shard });
    await rm(shard);
    await expect(openPack(folder)).rejects.toMatchObject({ code: "PACK_INVALID", where: shard });
    expect((await build()).content).toEqual(await inMemory());
  });
});

describe("a source that changes while it is packed", () => {
  it("ends the build with what to do, and the next build is right", async () => {
    const source = await openSource(pictures);
    const samples: unknown[] = [];
    for await (const sample of source.samples()) samples.push(sample);
    const changing = {
      ...source,
      async *samples() {
        for await (const sample of source.samples()) yield sample;
        await put("dog/4.png", 999);
        await utimes(join(pictures, "dog/4.png"), new Date(1), new Date(1));
      },
    };
    await expect(buildPack(changing, recipe, { folder })).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
    expect(await isPackFolder(folder)).toBe(false);
    expect((await build()).content).toEqual(await inMemory());
  });
});
