import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listNames } from "./file-names.ts";

const bytes = (folder: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, "latin1")]);

// Elsewhere names are text to the file system.
describe.runIf(process.platform === "linux")("the names in a folder", () => {
  it("are told from those that are not UTF-8, with what these could be", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pawprint-names-"));
    await mkdir(join(folder, "кот"));
    await writeFile(join(folder, "\ufffd.jpg"), "its name holds the character for what is not UTF-8");
    await mkdir(bytes(folder, "\xc3\xa8\xb9"));
    await mkdir(bytes(folder, "caf\xe9"));
    await writeFile(bytes(folder, "M\xfcller.jpg"), "x");
    const { entries, undecodable } = await listNames(folder);
    expect(entries.map(({ name }) => name).sort()).toEqual(["кот", "\ufffd.jpg"]);
    expect(entries.find(({ name }) => name === "кот")?.isDirectory()).toBe(true);
    expect([...undecodable].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      {
        name: "M\\xFCller.jpg",
        reason:
          "a file whose name is not UTF-8; it could be 'Müller.jpg' in windows-1252; rename it: convmv -f windows-1252 -t utf8 -r --notest FOLDER",
      },
      { name: "\\xC3\\xA8\\xB9", reason: expect.stringMatching(/^a folder whose name is not UTF-8/) },
      {
        name: "caf\\xE9",
        reason:
          "a folder whose name is not UTF-8; it could be 'café' in windows-1252; rename it: convmv -f windows-1252 -t utf8 -r --notest FOLDER",
      },
    ]);
  });

  it("name the likely encoding of Chinese folders first", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pawprint-names-"));
    await mkdir(bytes(folder, "\xb9\xb7"));
    const { entries, undecodable } = await listNames(folder);
    expect(entries).toEqual([]);
    expect(undecodable[0]?.reason).toMatch(/it could be '狗' in gbk.*: convmv -f gbk -t utf8 -r --notest FOLDER$/);
  });

  it("are left alone where all are UTF-8", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pawprint-names-"));
    await writeFile(join(folder, "猫.jpg"), "x");
    expect(await listNames(folder)).toMatchObject({ entries: [{ name: "猫.jpg" }], undecodable: [] });
    await expect(listNames(join(folder, "none"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
