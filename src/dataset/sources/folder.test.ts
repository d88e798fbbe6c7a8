import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { awkwardFileNames, describeSource, plantPictures } from "../../../tests/contracts/source.ts";
import { openFolder } from "./folder.ts";
import type { Source } from "./source.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint folder 🐾-"));
});

async function put(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), `content of ${path}`);
  }
}

async function read(source: Source): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for await (const sample of source.samples()) {
    contents[`${sample.label} < ${sample.id}`] = "bytes" in sample ? Buffer.from(await sample.bytes()).toString() : "";
  }
  return contents;
}

describe("a folder of pictures", () => {
  it("gives each file with its label, sorted the same on every system", async () => {
    await put("dog/b.jpg", "cat/Ä name\nof two lines.jpg", "cat/a.jpg", "cat/B.jpg");
    const contents = await read(await openFolder(folder));
    expect(Object.keys(contents)).toEqual([
      "cat < cat/B.jpg",
      "cat < cat/a.jpg",
      "cat < cat/Ä name\nof two lines.jpg",
      "dog < dog/b.jpg",
    ]);
    expect(contents["dog < dog/b.jpg"]).toBe("content of dog/b.jpg");
  });

  it("gives them again as often as it is asked", async () => {
    await put("cat/a.jpg", "dog/b.jpg");
    const source = await openFolder(folder);
    expect(await read(source)).toEqual(await read(source));
  });

  it("follows links to files inside, and names those that lead out or nowhere", async () => {
    await put("cat/a.jpg", "dog/b.jpg");
    const outside = join(await mkdtemp(join(tmpdir(), "pawprint-outside-")), "secret.jpg");
    await writeFile(outside, "secret");
    await symlink("a.jpg", join(folder, "cat/again.jpg"));
    await symlink(outside, join(folder, "cat/out.jpg"));
    await symlink("gone.jpg", join(folder, "dog/broken.jpg"));
    await symlink(folder, join(folder, "dog/circle"));
    const source = await openFolder(folder);
    expect(Object.keys(await read(source))).toEqual(["cat < cat/a.jpg", "cat < cat/again.jpg", "dog < dog/b.jpg"]);
    expect(source.skipped.map(({ id, reason }) => `${id}: ${reason}`).sort()).toEqual([
      "cat/out.jpg: a link to a file outside the folder; `followLinks` takes it",
      "dog/broken.jpg: a link that leads nowhere",
    ]);
    expect(source.remarks.map(({ kind, id }) => `${kind} ${id}`)).toEqual(["folder-link dog/circle"]);
  });

  it("names pipes and devices, and reads none of them", { timeout: 5000 }, async () => {
    await put("cat/a.jpg", "dog/b.jpg");
    execFileSync("mkfifo", [join(folder, "cat/pipe.jpg")]);
    await symlink("pipe.jpg", join(folder, "cat/to-pipe.jpg"));
    await symlink("/dev/zero", join(folder, "dog/zero.jpg"));
    const source = await openFolder(folder, { followLinks: true });
    expect(Object.keys(await read(source))).toEqual(["cat < cat/a.jpg", "dog < dog/b.jpg"]);
    expect(source.skipped.map(({ id, reason }) => `${id}: ${reason}`).sort()).toEqual([
      "cat/pipe.jpg: a pipe and no file",
      "cat/to-pipe.jpg: a link to a pipe",
      "dog/zero.jpg: a link to a device",
    ]);
    // One that takes the place of a picture after it was listed.
    const later = await openFolder(folder);
    await rm(join(folder, "dog/b.jpg"));
    execFileSync("mkfifo", [join(folder, "dog/b.jpg")]);
    await expect(read(later)).rejects.toMatchObject({
      code: "FILE_READ_FAILED",
      message: expect.stringContaining("Expected a regular file; got a pipe ("),
    });
  });

  it("enters linked folders where it is asked to, never one around them", async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), "pawprint-outside-"));
    await writeFile(join(elsewhere, "b.jpg"), "content of b");
    await put("cat/a.jpg");
    await symlink(elsewhere, join(folder, "dog"));
    await symlink(join(elsewhere, "b.jpg"), join(folder, "cat/out.jpg"));
    await symlink(folder, join(folder, "cat/around"));
    await symlink("..", join(folder, "cat", "sub"));
    await symlink(join(folder, "cat"), join(elsewhere, "back"));
    const source = await openFolder(folder, { followLinks: true });
    expect(Object.keys(await read(source))).toEqual([
      "cat < cat/a.jpg",
      "cat < cat/out.jpg",
      "dog < dog/b.jpg",
      "dog < dog/back/a.jpg",
      "dog < dog/back/out.jpg",
    ]);
    expect(source.skipped.map(({ id, reason }) => `${id}: ${reason}`).sort()).toEqual([
      "cat/around: a link to a folder around it",
      "cat/sub: a link to a folder around it",
      "dog/back/around: a link to a folder around it",
      "dog/back/sub: a link to a folder around it",
    ]);
  });

  it.skipIf(process.platform !== "linux")("names folders and files whose names are not UTF-8", async () => {
    await put("cat/a.jpg", "dog/b.jpg");
    const bytes = (name: string): Buffer => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, "latin1")]);
    await mkdir(bytes("\xb9\xb7"));
    await writeFile(bytes("cat/M\xfcller.jpg"), "x");
    const source = await openFolder(folder);
    expect(Object.keys(await read(source))).toEqual(["cat < cat/a.jpg", "dog < dog/b.jpg"]);
    expect(source.skipped).toMatchObject([
      {
        id: "\\xB9\\xB7",
        code: "FILE_READ_FAILED",
        reason: expect.stringMatching(/^a folder whose name is not UTF-8/),
      },
      { id: "cat/M\\xFCller.jpg", reason: expect.stringMatching(/could be 'Müller.jpg' in windows-1252/) },
    ]);
  });

  it("names a class folder that is empty", async () => {
    await put("cat/a.jpg", "dog/b.jpg");
    await mkdir(join(folder, "bird"));
    const { remarks } = await openFolder(folder);
    expect(remarks).toEqual([{ kind: "empty-class", id: "bird", reason: "a folder without any file" }]);
  });

  it("that is not there is named", async () => {
    await expect(openFolder(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it("names a picture that went away after it was listed", async () => {
    await put("cat/a.jpg", "dog/b.jpg");
    const source = await openFolder(folder);
    await rm(join(folder, "cat/a.jpg"));
    const codes: string[] = [];
    for await (const sample of source.samples()) {
      if ("bytes" in sample)
        codes.push(
          await sample.bytes().then(
            () => "read",
            ({ code }) => code,
          ),
        );
    }
    expect(codes).toEqual(["FILE_NOT_FOUND", "read"]);
  });
});

describeSource("a folder", async () => {
  const pictures = plantPictures(awkwardFileNames);
  const root = await mkdtemp(join(tmpdir(), "pawprint-folder-"));
  for (const { id, content } of pictures) {
    await mkdir(dirname(join(root, id)), { recursive: true });
    await writeFile(join(root, id), content);
  }
  return {
    pictures,
    open: () => openFolder(root),
    change: () => writeFile(join(root, pictures[0]!.id), "something else"),
  };
});
