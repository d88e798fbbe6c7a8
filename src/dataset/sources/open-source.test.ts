import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { writeTar } from "../../../tests/support/tar-writer.ts";
import { writeZip } from "../../../tests/support/zip-writer.ts";
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

const known =
  "a folder of labelled folders or of cat.12.jpg names, a .zip, .tar or .tar.gz of either, a .csv, .tsv or .jsonl manifest, " +
  "a folder of idx or CIFAR-10 files, s3://BUCKET/PREFIX, or a version of tracked data: FOLDER@REVISION, FOLDER.dvc";

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
      message: `Expected a file or folder that exists; got ${path}`,
    });
  });

  it("refuses an empty folder, and one with empty class folders", async () => {
    await expect(openSource(folder)).rejects.toMatchObject({
      code: "DATASET_EMPTY",
      message: `Expected ${known}; got an empty folder (${folder})`,
    });
    await mkdir(join(folder, "cat"));
    await expect(openSource(folder)).rejects.toMatchObject({
      code: "DATASET_EMPTY",
      message: `Expected ${known}; got no picture in it (${folder})`,
    });
    await put("notes.txt");
    await expect(openSource(folder)).rejects.toMatchObject({
      code: "DATASET_EMPTY",
      message: `Expected labelled pictures; got no picture that can be used: no pictures by their names: 'notes.txt' (${folder})`,
    });
  });

  it("refuses pictures whose labels nothing tells", async () => {
    await put("IMG_1.jpg");
    await put("IMG_2.jpg");
    await expect(openSource(folder)).rejects.toMatchObject({
      code: "DATASET_LABEL_MISSING",
      message: `Expected pictures in folders named for their classes, or with names like cat.12.jpg; got 2 pictures without a label, the first 'IMG_1.jpg': no folder that could be its label (${folder})`,
    });
  });

  it("refuses a file of another kind", async () => {
    const path = await put("notes.txt", "hello");
    await expect(openSource(path)).rejects.toMatchObject({
      code: "DATASET_SOURCE_UNKNOWN",
      message: `Expected ${known}; got a file of another kind (${path})`,
    });
  });

  it("takes a folder of CIFAR-10's files, and the folder that it was unpacked into", async () => {
    await put("cifar-10-batches-bin/test_batch.bin", Buffer.alloc(3073, 4));
    await put(".DS_Store");
    for (const location of [folder, join(folder, "cifar-10-batches-bin")]) {
      const source = await openSource(location);
      const found: string[] = [];
      for await (const { id, label } of source.samples()) found.push(`${id} ${label}`);
      await source.close();
      expect([source.kind, ...found]).toEqual(["cifar", "test_batch.bin#0 4"]);
    }
  });

  it("takes a manifest, and an archive packed by gzip", async () => {
    await put("a.jpg");
    const manifest = await openSource(await put("labels.csv", "path,label\na.jpg,cat"));
    expect(manifest.kind).toBe("manifest");
    const tar = writeTar([{ name: "cat/a.jpg", content: "x" }]);
    for (const path of ["pets.tgz", "pets.tar.gz", "pets", "pets.csv.bak"]) {
      const archive = await openSource(await put(path, gzipSync(tar)));
      await archive.close();
      expect(archive.kind).toBe("archive");
    }
    const plain = await openSource(await put("pets.x", tar));
    await plain.close();
    expect(plain.kind).toBe("archive");
  });

  it.each([
    ["train-images-idx3-ubyte.gz", "name the folder that holds the idx files"],
    ["data_batch_1.bin", "name the folder that holds the batches"],
    ...["tar.bz2", "tar.xz", "tar.zst", "7z", "RAR"].map((ending) => [
      `pets.${ending}`,
      "unpack it and name the folder, or pack it again as .zip or .tar.gz",
    ]),
  ])("refuses the file %s with a hint", async (name, hint) => {
    const path = await put(name, gzipSync("not a tar"));
    await expect(openSource(path)).rejects.toMatchObject({ code: "DATASET_SOURCE_UNKNOWN", hint });
  });

  it("says why no label can be one, in few words however long they are", async () => {
    const long = "x".repeat(1000);
    const path = await put("pets.zip", writeZip([{ name: `${long}/${long}.jpg`, content: "x" }]));
    await expect(openSource(path)).rejects.toMatchObject({
      code: "DATASET_LABEL_MISSING",
      message: expect.stringMatching(/the first 'x{120}\.\.\.': label 'x{40}\.\.\.' of 1000 bytes, more than 255/),
    });
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
