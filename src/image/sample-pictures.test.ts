import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { beforeEach, describe, expect, it } from "vitest";
import { interruption } from "../base/cancel.ts";
import type { Progress } from "../base/progress.ts";
import { drawSamplePicture, sampleLabels, writeSampleSet } from "./sample-pictures.ts";

let parent = "";
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "pawprint-samples-"));
});

describe("a sample picture", () => {
  it("is a JPEG of the size that is asked for", async () => {
    const bytes = await drawSamplePicture({ label: "cat", seed: 1, sizePx: 96 });
    expect(await sharp(bytes).metadata()).toMatchObject({ format: "jpeg", width: 96, height: 96, channels: 3 });
  });

  it("is the same for the same seed and another for another", async () => {
    const picture = { label: "dog", seed: "a", sizePx: 48 } as const;
    const first = await drawSamplePicture(picture);
    expect(await drawSamplePicture(picture)).toEqual(first);
    expect(await drawSamplePicture({ ...picture, seed: "b" })).not.toEqual(first);
    expect(await drawSamplePicture({ ...picture, label: "cat" })).not.toEqual(first);
  });

  it("does not tell its label by its average colour", async () => {
    const count = 100;
    const means = await Promise.all(sampleLabels.map((label) => meanColours(label, count)));
    const [cats, dogs] = means.map((rows) => column(rows));
    for (let channel = 0; channel < 3; channel++) {
      // The means of two samples of one distribution differ by more than 3.3 standard errors once
      // in a thousand; the seeds are fixed.
      const error = Math.hypot(cats!.deviation[channel]!, dogs!.deviation[channel]!) / Math.sqrt(count);
      expect(Math.abs(cats!.mean[channel]! - dogs!.mean[channel]!)).toBeLessThan(3.3 * error);
    }
  });
});

describe("a sample set", () => {
  const options = { perClass: 3, sizePx: 32, seed: 7 };

  it("is labelled folders and a note that it is drawn", async () => {
    const folder = join(parent, "deep", "samples");
    expect(await writeSampleSet(folder, options)).toEqual({ folder, pictures: 6, reused: false });
    expect((await readdir(folder)).sort()).toEqual(["cat", "dog", "sample-pictures.json"]);
    expect((await readdir(join(folder, "dog"))).sort()).toEqual(["dog.0.jpg", "dog.1.jpg", "dog.2.jpg"]);
    expect(await readFile(join(folder, "sample-pictures.json"), "utf8")).toContain("not photographs");
  });

  it("reports each picture as progress", async () => {
    let advanced = 0;
    const progress: Progress = {
      start: (task) => {
        expect(task).toEqual({ label: "draw sample pictures", total: 6, unit: "pictures" });
        const advance = (count = 1): void => {
          advanced += count;
        };
        return { advance, done: () => {}, fail: () => {} };
      },
    };
    await writeSampleSet(join(parent, "samples"), { ...options, progress });
    expect(advanced).toBe(6);
  });

  it("is left as it is when the same one stands there", async () => {
    const folder = join(parent, "samples");
    await mkdir(folder);
    await writeSampleSet(folder, options);
    expect(await writeSampleSet(folder, options)).toEqual({ folder, pictures: 6, reused: true });
  });

  it("never replaces another set or other files", async () => {
    const folder = join(parent, "samples");
    await writeSampleSet(folder, options);
    await expect(writeSampleSet(folder, { ...options, seed: 8 })).rejects.toMatchObject({
      code: "FILE_EXISTS",
      message: `Expected a folder for the sample pictures that is new or empty; got another set of sample pictures (${folder})`,
    });
    await writeFile(join(parent, "mine.txt"), "mine");
    await expect(writeSampleSet(parent, options)).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(await readFile(join(parent, "mine.txt"), "utf8")).toBe("mine");
  });

  it("leaves nothing behind when it is interrupted", async () => {
    const controller = new AbortController();
    const progress: Progress = {
      start: () => ({ advance: () => controller.abort(interruption("SIGINT")), done: () => {}, fail: () => {} }),
    };
    const writing = writeSampleSet(join(parent, "samples"), { ...options, progress, signal: controller.signal });
    await expect(writing).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(await readdir(parent)).toEqual([]);
  });
});

async function meanColours(label: "cat" | "dog", count: number): Promise<number[][]> {
  return Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const { channels } = await sharp(await drawSamplePicture({ label, seed: at, sizePx: 32 })).stats();
      return channels.map(({ mean }) => mean);
    }),
  );
}

function column(rows: readonly number[][]): { mean: number[]; deviation: number[] } {
  const mean = [0, 1, 2].map((at) => rows.reduce((sum, row) => sum + row[at]!, 0) / rows.length);
  const variance = mean.map((m, at) => rows.reduce((sum, row) => sum + (row[at]! - m) ** 2, 0) / (rows.length - 1));
  return { mean, deviation: variance.map(Math.sqrt) };
}
