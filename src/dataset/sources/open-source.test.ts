import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openSource } from "./open-source.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-open-"));
});

async function put(path: string, content: string | Uint8Array = "x"): Promise<string> {
  const target = join(folder, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
  return target;
}

const known = "a folder of labelled folders or of cat.12.jpg names, a .zip of either, or a folder of idx files";

describe("opening a source", () => {
  it("takes a folder of labelled folders", async () => {
    await put("cat/a.jpg");
    expect(await openSource(folder)).toMatchObject({ kind: "folder", location: folder });
  });

  it("takes a folder of idx files, again and again", async () => {
    await put("train-images-idx3-ubyte", Buffer.from([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 255]));
    await put("train-labels-idx1-ubyte", Buffer.from([0, 0, 8, 1, 0, 0, 0, 1, 4]));
    const source = await openSource(folder);
    expect(source.kind).toBe("idx");
    for (let pass = 0; pass < 2; pass++) {
      const labels: string[] = [];
      for await (const { label } of source.samples()) labels.push(label);
      expect(labels).toEqual(["4"]);
    }
  });

  it("takes a zip by its content where the name does not say so", async () => {
    const path = await put("dataset.bin", "PK\x03\x04 and then nothing");
    await expect(openSource(path)).rejects.toMatchObject({ code: "ARCHIVE_CORRUPT" });
  });

  it("names a path that is not there", async () => {
    const path = join(folder, "none");
    await expect(openSource(path)).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: `a file or folder that exists; got ${path}`,
    });
  });

  it("refuses an empty folder, and one with empty class folders", async () => {
    await expect(openSource(folder)).rejects.toMatchObject({
      code: "DATASET_EMPTY",
      message: `${known}; got an empty folder (${folder})`,
    });
    await mkdir(join(folder, "cat"));
    await expect(openSource(folder)).rejects.toMatchObject({
      code: "DATASET_EMPTY",
      message: `${known}; got no picture in it (${folder})`,
    });
  });

  it("refuses pictures whose labels nothing tells", async () => {
    await put("IMG_1.jpg");
    await put("IMG_2.jpg");
    await expect(openSource(folder)).rejects.toMatchObject({
      code: "DATASET_LABEL_MISSING",
      message: `each picture stands in a folder named for its class, or is named like cat.12.jpg; got 2 pictures without a label, the first 'IMG_1.jpg' (${folder})`,
    });
  });

  it("refuses a file of another kind", async () => {
    const path = await put("notes.txt", "hello");
    await expect(openSource(path)).rejects.toMatchObject({
      code: "DATASET_SOURCE_UNKNOWN",
      message: `${known}; got a file of another kind (${path})`,
    });
  });

  it("points from an idx file to its folder", async () => {
    const path = await put("train-images-idx3-ubyte.gz");
    await expect(openSource(path)).rejects.toMatchObject({ hint: "name the folder that holds the idx files" });
  });

  it("leaves no file open after a refusal", async () => {
    const path = await put("empty.zip", Buffer.from("PK\x05\x06".padEnd(22, "\0")));
    const before = await openFiles();
    await expect(openSource(path)).rejects.toMatchObject({ code: "DATASET_EMPTY" });
    expect(await openFiles()).toBe(before);
  });
});

/** Linux lists a process's open files; elsewhere there is nothing to compare. */
async function openFiles(): Promise<number> {
  return (await readdir("/proc/self/fd").catch(() => [])).length;
}
