import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../base/errors.ts";
import { importSource } from "./import-source.ts";
import { createPathClaims, portableName } from "./portable-name.ts";
import { readLabel } from "./sources/label.ts";
import { openSource } from "./sources/open-source.ts";
import type { Sample, Source } from "./sources/source.ts";

let root = "";
let from = "";
let to = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "pawprint-import-"));
  from = join(root, "from");
  to = join(root, "data", "raw");
});

async function put(path: string, text = path): Promise<void> {
  await mkdir(dirname(join(from, path)), { recursive: true });
  await writeFile(join(from, path), text);
}

async function contentOf(source: Source) {
  const all: Record<string, string> = {};
  for await (const { label, split, ...sample } of source.samples()) {
    if ("bytes" in sample) all[`${split} ${label} ${Buffer.from(await sample.bytes())}`] = sample.id;
  }
  return all;
}

function sourceOf(samples: readonly Sample[]): Source {
  return {
    kind: "manifest",
    location: "made up",
    skipped: [],
    remarks: [],
    async *samples() {
      yield* samples;
    },
    close: async () => {},
  };
}
const picture = (id: string, label: string, text = id): Sample => {
  return { id, label, stamp: "1", sizeBytes: text.length, bytes: async () => Buffer.from(text) };
};

/** `split label content` of each picture, sorted. */
async function labelledIn(source: Source): Promise<string[]> {
  const found = Object.keys(await contentOf(source));
  await source.close();
  return found.sort();
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).sort();
}

describe("an import", () => {
  it("copies every picture unchanged into a folder of its class, which opens as the same dataset", async () => {
    for (const path of ["cat/a.jpg", "cat/deep/b.jpg", "dog/a.jpg", "dog/ü ñ 🐕.jpg"]) await put(path);
    const report = await importSource(await openSource(from), { to });
    expect(report).toMatchObject({ pictures: 4, skipped: [], location: to });
    expect(report.classes.map(({ label, pictures }) => [label, pictures])).toEqual([
      ["cat", 2],
      ["dog", 2],
    ]);
    expect(Object.keys(await contentOf(await openSource(to)))).toEqual(
      Object.keys(await contentOf(await openSource(from))),
    );
    expect(await readdir(join(root, "data"))).toEqual(["raw"]);
  });

  it("keeps splits that the source gives", async () => {
    for (const path of ["train/cat/a.jpg", "train/dog/a.jpg", "test/cat/b.jpg", "test/dog/b.jpg"]) await put(path);
    await importSource(await openSource(from), { to });
    expect((await readdir(to)).sort()).toEqual(["test", "train"]);
    expect(Object.keys(await contentOf(await openSource(to))).sort()).toEqual(
      Object.keys(await contentOf(await openSource(from))).sort(),
    );
  });

  it("writes pictures without a file as PNG, pixel by pixel", async () => {
    const pixels = Uint8Array.from({ length: 12 }, (_, at) => at * 20);
    const image = { width: 4, height: 3, channels: 1 as const, pixels };
    await importSource(sourceOf([{ id: "train-images#7", label: "3", stamp: "1", image }]), { to });
    const file = join(to, "3", "train-images-7.png");
    expect(new Uint8Array(await sharp(file).toColourspace("b-w").raw().toBuffer())).toEqual(pixels);
  });

  it("gives names that every system takes, and a file to each where only letter case differs", async () => {
    const source = sourceOf([
      picture("a/Cat.jpg", "CON", "1"),
      picture("b/cat.jpg", "CON", "2"),
      picture("c/cat.jpg", "x.", "3"),
      picture('d/what?:"now".jpg', "fine", "4"),
      picture("e/.hidden.jpg", "fine", "5"),
    ]);
    const report = await importSource(source, { to });
    expect(await filesIn(to)).toEqual([
      "_CON/Cat.jpg",
      "_CON/cat-2.jpg",
      "fine/_hidden.jpg",
      "fine/what___now_.jpg",
      "labels.csv",
      "x_/cat.jpg",
    ]);
    expect(report).toMatchObject({
      renamed: [
        { label: "CON", folder: "_CON" },
        { label: "x.", folder: "x_" },
      ],
      renamedFiles: 3,
      manifest: "labels.csv",
    });
  });

  it("keeps labels apart whose folders would be one, whatever their order", async () => {
    const labels = ["a:b", "a_b", "a?b", "Cat", "cat", ".net", "con", "plain"];
    const folders = await Promise.all(
      [labels, [...labels].reverse()].map(async (all, at) => {
        const { renamed } = await importSource(sourceOf(all.map((label) => picture(`${label}.jpg`, label))), {
          to: `${to}${at}`,
        });
        return Object.fromEntries(renamed.map(({ label, folder }) => [label, folder]));
      }),
    );
    expect(folders[1]).toEqual(folders[0]);
    expect(folders[0]).toEqual({
      "a:b": expect.stringMatching(/^a_b~[0-9a-f]{8}$/),
      "a?b": expect.stringMatching(/^a_b~[0-9a-f]{8}$/),
      cat: expect.stringMatching(/^cat~[0-9a-f]{8}$/),
      ".net": "_net",
      con: "_con",
    });
  });

  it("marks a class that would be read as a split, and no other", async () => {
    const vehicles = ["train", "car", "bus"].map((label) => picture(`${label}.jpg`, label));
    expect((await importSource(sourceOf(vehicles), { to })).renamed).toEqual([]);
    const both = ["train", "test", "mask"].map((label) => picture(`${label}.jpg`, label));
    const { renamed } = await importSource(sourceOf(both), { to, force: true });
    expect(renamed.map(({ label }) => label)).toEqual(["mask", "test", "train"]);
    expect(await labelledIn(await openSource(to))).toHaveLength(3);
  });

  it("lists in a manifest what folders cannot tell: splits of some pictures, and labels in numbered names", async () => {
    const some = sourceOf([
      { ...picture("a.jpg", "cat"), split: "train" },
      picture("b.jpg", "cat"),
      { ...picture("c.jpg", "dog"), split: "test" },
    ]);
    expect(await importSource(some, { to })).toMatchObject({ renamed: [], manifest: "labels.csv" });
    expect(await labelledIn(await openSource(join(to, "labels.csv")))).toEqual(await labelledIn(some));
    const numbered = sourceOf([picture("cat.1.jpg", "animal"), picture("dog.2.jpg", "animal")]);
    expect(await importSource(numbered, { to, force: true })).toMatchObject({ renamed: [], manifest: "labels.csv" });
    const plain = sourceOf([picture("a.jpg", "cat"), picture("b.jpg", "dog")]);
    expect(await importSource(plain, { to, force: true })).not.toHaveProperty("manifest");
  });

  it("gives the same labels, splits and pictures back when it is read again, whatever they are called", async () => {
    const words = [
      "cat",
      "Cat",
      "a:b",
      "a_b",
      ".net",
      "con",
      "con.x",
      "__MACOSX",
      "@eaDir",
      "train",
      "Test",
      "val2017",
    ];
    const more = ["labels.csv", "images", "fold 1", "x.", 'q"u,o', "x_", "é", "a~b", "été ☀", "#recycle", "lost+found"];
    const label = fc.oneof(
      fc.constantFrom(...words, ...more),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
    );
    const file = fc.oneof(
      fc.constantFrom(
        "a.jpg",
        "A.JPG",
        ".hidden.jpg",
        "Thumbs.db",
        "cat.1.jpg",
        "dog.2.jpg",
        "photo",
        "nul.png",
        "x.txt",
      ),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).map((name) => `${name}.png`),
    );
    const split = fc.constantFrom(undefined, "train", "val", "test");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(label, file, split), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (all, hasSplits) => {
          const samples = all.flatMap(([text, name, given], at) => {
            const read = readLabel(text);
            if (read.fault !== undefined) return [];
            return [{ ...picture(`${at}/${name}`, read.label, `${at}`), ...(hasSplits && given && { split: given }) }];
          });
          if (samples.length === 0) return;
          const source = sourceOf(samples);
          const { manifest, renamed, pictures } = await importSource(source, { to, force: true });
          expect(pictures).toBe(samples.length);
          const wanted = await labelledIn(source);
          expect(await labelledIn(await openSource(manifest === undefined ? to : join(to, manifest)))).toEqual(wanted);
          expect(manifest !== undefined || renamed.length === 0).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it("leaves nothing of an interrupted import that named its pictures otherwise", async () => {
    await put("cat/a.jpg");
    await put("dog/a.jpg");
    const source = await openSource(from);
    await mkdir(join(`${to}.importing`, "├¿"), { recursive: true });
    await writeFile(join(`${to}.importing`, "├¿", "a.jpg"), "old");
    await writeFile(join(`${to}.importing`, ".import-paths"), "├¿/a.jpg\nlabels.csv");
    await writeFile(join(`${to}.importing`, "labels.csv"), "old");
    await writeFile(join(`${to}.importing`, "├¿", ".pawprint-0123456789ab.jpg.tmp"), "half");
    await importSource(source, { to });
    expect((await readdir(to)).sort()).toEqual(["cat", "dog"]);
  });

  it("deletes no file that others put into a half-imported folder, and names it", async () => {
    await put("cat/a.jpg");
    await put("dog/a.jpg");
    const partial = `${to}.importing`;
    await mkdir(join(partial, "cat"), { recursive: true });
    await writeFile(join(partial, ".import-paths"), "cat/a.jpg\ndog/a.jpg");
    await writeFile(join(partial, "cat/mine.jpg"), "mine");
    await expect(openSource(from).then((source) => importSource(source, { to }))).rejects.toMatchObject({
      code: "FILE_EXISTS",
      received: "1 other file: 'cat/mine.jpg'",
      where: partial,
    });
    expect(await readFile(join(partial, "cat/mine.jpg"), "utf8")).toBe("mine");
    await rename(join(partial, "cat/mine.jpg"), join(root, "mine.jpg"));
    expect(await importSource(await openSource(from), { to })).toMatchObject({ pictures: 2 });
  });

  it("is the source exactly after it was changed between a kill and the next import", async () => {
    for (const path of ["cat/moves.jpg", "cat/goes.jpg", "cat/stays.jpg", "dog/changes.jpg"]) await put(path);
    // What an import of all four that was killed before its last step leaves.
    await importSource(await openSource(from), { to: join(root, "first") });
    const partial = `${to}.importing`;
    await mkdir(dirname(to), { recursive: true });
    await rename(join(root, "first"), partial);
    await writeFile(join(partial, ".import-paths"), [...(await filesIn(partial)), "labels.csv"].join("\n"));
    await rename(join(from, "cat/moves.jpg"), join(from, "dog/moves.jpg"));
    await rm(join(from, "cat/goes.jpg"));
    await put("dog/changes.jpg", "another picture");
    const report = await importSource(await openSource(from), { to });
    expect(await filesIn(to)).toEqual(["cat/stays.jpg", "dog/changes.jpg", "dog/moves.jpg"]);
    expect(await contentOf(await openSource(to))).toEqual(await contentOf(await openSource(from)));
    expect(report).toMatchObject({ pictures: 3, sizeBytes: 41 });
  });

  const unreadable = (id: string, label: string): Sample => ({
    ...picture(id, label),
    bytes: () => Promise.reject(new AppError("IMAGE_UNREADABLE", { required: "an archive entry that is whole" })),
  });

  it("of which every picture is skipped fails, names the first reason and leaves nothing", async () => {
    const failing = importSource(sourceOf([unreadable("a.jpg", "cat"), unreadable("b.jpg", "dog")]), { to });
    await expect(failing).rejects.toMatchObject({
      code: "DATASET_EMPTY",
      received:
        "no picture that can be used: 2 of 2 were skipped, the first 'a.jpg': Expected an archive entry that is whole",
    });
    expect(await readdir(dirname(to))).toEqual([]);
  });

  it("says which classes were skipped whole, and looks at the folders that are left", async () => {
    const source = sourceOf([picture("a.jpg", "train"), unreadable("b.jpg", "bus"), unreadable("c.jpg", "car")]);
    const { lostClasses, manifest } = await importSource(source, { to });
    expect(lostClasses).toEqual([
      { label: "bus", pictures: 1 },
      { label: "car", pictures: 1 },
    ]);
    // With bus and car beside it, train is a class; alone it would be a split.
    expect(manifest).toBe("labels.csv");
    expect(await labelledIn(await openSource(join(to, "labels.csv")))).toEqual(["undefined train a.jpg"]);
  });

  it("skips and names pictures that cannot be read", async () => {
    await put("cat/a.jpg");
    await put("dog/a.jpg");
    const real = await openSource(from);
    const report = await importSource(
      { ...real, skipped: [{ id: "x", code: "DATASET_LABEL_MISSING", reason: "none" }] },
      { to },
    );
    expect(report.skipped).toHaveLength(1);
  });

  it("replaces a folder only when told to, and then keeps nothing of it", async () => {
    await put("cat/a.jpg");
    await put("dog/a.jpg");
    await mkdir(join(to, "old"), { recursive: true });
    await expect(importSource(await openSource(from), { to })).rejects.toMatchObject({
      code: "FILE_EXISTS",
      where: to,
    });
    await importSource(await openSource(from), { to, force: true });
    expect((await readdir(to)).sort()).toEqual(["cat", "dog"]);
    expect(await readdir(join(root, "data"))).toEqual(["raw"]);
  });

  it("goes on after kill -9, and no folder has its name before it is whole", async () => {
    for (let at = 0; at < 400; at++) await put(`${at % 2 ? "cat" : "dog"}/${at}.jpg`);
    const script = `
      import { importSource } from ${JSON.stringify(resolve("src/dataset/import-source.ts"))};
import { openSource } from ${JSON.stringify(resolve("src/dataset/sources/open-source.ts"))};
      let done = 0;
      const advance = () => { if (++done % 20 === 0) process.stdout.write("."); };
      await importSource(await openSource(${JSON.stringify(from)}), {
        to: ${JSON.stringify(to)},
        progress: { start: () => ({ advance, done: () => {}, fail: () => {} }) },
      });`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
    child.stdout.once("data", () => child.kill("SIGKILL"));
    const [, signal] = await once(child, "exit");
    expect(signal).toBe("SIGKILL");
    expect(await readdir(join(root, "data"))).not.toContain("raw");
    const report = await importSource(await openSource(from), { to });
    expect(report.pictures).toBe(400);
    expect(Object.keys(await contentOf(await openSource(to)))).toHaveLength(400);
    expect(await readdir(join(root, "data"))).toEqual(["raw"]);
    expect(await readFile(join(to, "cat", "1.jpg"), "utf8")).toBe("cat/1.jpg");
  }, 30_000);
});

describe("portable names", () => {
  it("leave good names alone and change what some system refuses", () => {
    const cases = {
      "cat.jpg": "cat.jpg",
      "nul.png": "_nul.png",
      "a/b": "a_b",
      "end. ": "end__",
      "..": "__",
      ".net": "_net",
      "COM¹.txt": "_COM¹.txt",
      "@eaDir": "_@eaDir",
      "Thumbs.db": "_Thumbs.db",
      "": "_",
      "a\nb": "a_b",
    };
    for (const [name, expected] of Object.entries(cases)) expect(portableName(name)).toBe(expected);
  });

  it("shorten long ones to 200 bytes with their extension, differently for different names", () => {
    const names = ["é".repeat(300), `${"é".repeat(299)}f`].map((stem) => portableName(`${stem}.jpeg`));
    for (const name of names) {
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
      expect(name).toMatch(/^é+~[0-9a-f]{8}\.jpeg$/);
    }
    expect(names[0]).not.toBe(names[1]);
  });

  it("are claimed once each, letter case or not", () => {
    const claim = createPathClaims();
    expect([claim("a", "x.jpg"), claim("a", "X.jpg"), claim("A", "x.JPG"), claim("b", "x.jpg")]).toEqual([
      "a/x.jpg",
      "a/X-2.jpg",
      "A/x-3.JPG",
      "b/x.jpg",
    ]);
  });
});
