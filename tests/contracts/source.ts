/** What every source of labelled pictures must do; each adapter's test runs this suite. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sample, Source, Split } from "../../src/dataset/sources/source.ts";

export interface PlantedPicture {
  /** The sample's id. */
  readonly id: string;
  readonly label: string;
  readonly split?: Split;
  /** A file's bytes, or pixels where pictures come as such. */
  readonly content: Uint8Array;
}

export interface Planted {
  readonly pictures: readonly PlantedPicture[];
  open(): Promise<Source>;
  /** Gives the first picture another content, in the place where it lies. */
  change(): Promise<void>;
  /**
   * What reading the first picture gives from a source that was opened before the change;
   * SOURCE_CHANGED unless given.
   */
  readonly afterChange?: "old content";
  remove?(): Promise<void>;
}

/**
 * Names that break what is not careful: spaces, line breaks, emoji, quotes, 250 bytes, capitals
 * that alone differ.
 */
export const awkwardNames: readonly string[] = [
  "a.jpg",
  "B.jpg",
  "b.jpg",
  "two words .jpg",
  "two\nlines.jpg",
  "🐈 'n' \"🐕\".jpg",
  `${"long ".repeat(49)}x.jpg`,
  "100%#?&+<a>;,.jpg",
];

/**
 * The awkward names that this machine's disk can hold: elsewhere than on Linux capitals may not
 * count, nor line breaks be allowed.
 */
export const awkwardFileNames = process.platform === "linux" ? awkwardNames : ["a.jpg", "two words .jpg", "🐈.jpg"];

/** One picture under each name, for `LABEL/NAME` paths, with contents that all differ. */
export function plantPictures(names: readonly string[] = awkwardNames): PlantedPicture[] {
  return ["cat", "großer hund 🐕"].flatMap((label) =>
    names.map((name) => ({
      id: `${label}/${name}`,
      label,
      content: Buffer.from(`content of ${label}/${name}`.repeat(3)),
    })),
  );
}

export function describeSource(name: string, plant: () => Promise<Planted>): void {
  describe(`${name} as a source`, () => {
    let planted: Planted;
    let opened: Source[];
    const open = async (): Promise<Source> => {
      const source = await planted.open();
      opened.push(source);
      return source;
    };
    beforeEach(async () => {
      opened = [];
      planted = await plant();
    });
    afterEach(async () => {
      for (const source of opened) await source.close();
      await planted.remove?.();
    });

    it("gives every picture once, with its label, its split and its content", async () => {
      const found = await Promise.all((await list(await open())).map(read));
      expect(found.sort(byId)).toEqual([...planted.pictures].map(plain).sort(byId));
      expect(opened[0]!.skipped).toEqual([]);
    });

    it("gives them in the same order each time, with stamps that stay", async () => {
      const source = await open();
      const [first, second, again] = [await list(source), await list(source), await list(await open())];
      expect(second.map(outside)).toEqual(first.map(outside));
      expect(again.map(outside)).toEqual(first.map(outside));
      expect(new Set(first.map(({ id }) => id)).size).toBe(first.length);
    });

    it("gives their content in any order, side by side and again", async () => {
      const samples = await list(await open());
      const backwards = await Promise.all([...samples].reverse().map(read));
      expect(backwards.sort(byId)).toEqual([...planted.pictures].map(plain).sort(byId));
      const one = samples.find(({ id }) => id === planted.pictures[0]!.id)!;
      expect(await read(one)).toEqual(await read(one));
    });

    it("notices that a picture was changed", async () => {
      const [changed] = planted.pictures;
      const find = (samples: readonly Sample[]): Sample => samples.find(({ id }) => id === changed!.id)!;
      const before = find(await list(await open()));
      await planted.change();
      const after = find(await list(await open()));
      expect(after.stamp).not.toBe(before.stamp);
      expect((await read(after)).content).not.toEqual(plain(changed!).content);
      if (planted.afterChange === "old content") expect(await read(before)).toEqual(plain(changed!));
      else await expect(read(before)).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
    });

    it("may be left before its end, and closed twice", async () => {
      const source = await open();
      for await (const sample of source.samples()) {
        await read(sample);
        break;
      }
      await source.close();
      await source.close();
    });
  });
}

async function list(source: Source): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of source.samples()) samples.push(sample);
  return samples;
}

/** What is known of a sample before it is read. */
function outside({ id, label, split, stamp }: Sample) {
  return { id, label, split, stamp };
}

async function read(sample: Sample) {
  const { id, label, split } = sample;
  const content = "bytes" in sample ? await sample.bytes() : sample.image.pixels;
  return { id, label, split, content: Buffer.from(content).toString("hex") };
}

function plain({ id, label, split, content }: PlantedPicture) {
  return { id, label, split, content: Buffer.from(content).toString("hex") };
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}
