import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { bucket, startS3Server, useS3Server } from "../../tests/support/s3-server.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { openFolderStore } from "../storage/folder-store.ts";
import { keyFaultOf } from "../storage/object-key.ts";
import { openStore } from "../storage/open-store.ts";
import { type KeptPictures, openKeptPictures } from "./kept-pictures.ts";
import { keyOfPicture, nameOfRequest, readPictureKey } from "./picture-key.ts";

const noon = Date.UTC(2026, 10, 29, 12);
const dayMs = 24 * 3_600_000;
const hostile = [
  "../../x",
  "..",
  ".",
  "/etc/passwd",
  "C:\\x",
  "a\0b",
  "con",
  "A",
  "a",
  "%41",
  "a/b",
  "a-0",
  "ü",
  "🐕",
  "x".repeat(199),
  "x".repeat(201),
  "X".repeat(128),
  "🐕".repeat(5000),
  ".pawprint-x",
  "",
  " ",
];

describe("the name of a request", () => {
  it("is a safe file's name that gives the id back, or its hash where it were too long", () => {
    for (const id of hostile) {
      const name = nameOfRequest(id);
      expect(name).toMatch(/^[a-z\d%-]{0,200}$/);
      if (!name.startsWith("%sha256-")) expect(decodeURIComponent(name)).toBe(id);
    }
    expect(nameOfRequest("x".repeat(201))).toMatch(/^%sha256-[\da-f]{64}$/);
    expect(nameOfRequest("X".repeat(128))).toMatch(/^%sha256-/);
  });

  it("differs where ids do, on file systems that do not know case as well", () => {
    const ids = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: "grapheme" }), fc.string({ maxLength: 400 }));
    fc.assert(
      fc.property(ids, ids, fc.nat(99), (one, other, position) => {
        const key = keyOfPicture({ requestId: one, position, timeMs: noon });
        expect(keyFaultOf(key)).toBeUndefined();
        expect(key.split("/")).toHaveLength(2);
        expect(readPictureKey(key)).toEqual({ day: "2026-11-29", name: nameOfRequest(one) });
        expect(nameOfRequest(one).toLowerCase() === nameOfRequest(other).toLowerCase()).toBe(one === other);
      }),
    );
  });
});

describe("kept pictures in a folder", () => {
  let folder = "";
  let pictures: KeptPictures;
  beforeEach(() => {
    folder = join(temporaryFolder("kept"), "pictures");
    pictures = openKeptPictures(openFolderStore(folder));
  });
  const bytesOf = (text: string): Uint8Array => Buffer.from(text);
  const at = (requestId: string, position = 0, timeMs = noon) => ({ requestId, position, timeMs });
  const textOf = async (...picture: Parameters<typeof at>): Promise<string | undefined> => {
    const bytes = await pictures.read(at(...picture));
    return bytes && Buffer.from(bytes).toString();
  };

  it("are found by request and position, whatever the id is made of, and lie in the folder alone", async () => {
    const ids = hostile.filter((id) => id !== "");
    for (const id of ids) await pictures.keep(at(id, 1), bytesOf(`picture of ${id}`));
    for (const id of ids) expect(await textOf(id, 1)).toBe(`picture of ${id}`);
    expect(await textOf("a", 0)).toBeUndefined();
    expect(await textOf("b", 1)).toBeUndefined();
    expect(await readdir(join(folder, ".."))).toEqual(["pictures"]);
    expect(await readdir(folder)).toEqual(["2026-11-29"]);
    expect(await readdir(join(folder, "2026-11-29"))).toHaveLength(ids.length);
  });

  it("are found where midnight lay between the log's time and theirs", async () => {
    const midnight = Date.UTC(2026, 10, 29);
    await pictures.keep(at("late", 0, midnight), bytesOf("late"));
    expect(await textOf("late", 0, midnight - 1)).toBe("late");
    expect(await textOf("late", 0, midnight - dayMs)).toBeUndefined();
  });

  it("of a request are removed, of whatever day, and no others", async () => {
    await pictures.keep(at("one", 0), bytesOf("1"));
    await pictures.keep(at("one", 1), bytesOf("2"));
    await pictures.keep(at("one", 0, noon - 3 * dayMs), bytesOf("3"));
    await pictures.keep(at("one-1", 0), bytesOf("4"));
    await pictures.keep(at("One", 0), bytesOf("5"));
    expect(await pictures.removeRequest("one")).toBe(3);
    expect(await textOf("one", 1)).toBeUndefined();
    expect(await textOf("one-1")).toBe("4");
    expect(await textOf("One")).toBe("5");
    expect(await pictures.removeRequest("one")).toBe(0);
    expect(await pictures.removeRequest("../../x")).toBe(0);
  });

  it("of days before a day are removed, and files of others stay", async () => {
    for (const days of [0, 1, 2, 30]) await pictures.keep(at("x", 0, noon - days * dayMs), bytesOf(`${days}`));
    await writeFile(join(folder, "1-note.txt"), "mine");
    expect(await pictures.removeBefore(noon - dayMs)).toBe(2);
    expect(await textOf("x", 0, noon - dayMs)).toBe("1");
    expect(await textOf("x", 0, noon - 2 * dayMs)).toBeUndefined();
    expect(await readdir(folder)).toContain("1-note.txt");
  });
});

describe("kept pictures in S3", () => {
  it("are found, removed by request and by age, and a store that fails says so", async () => {
    const server = await startS3Server();
    try {
      useS3Server(server.endpoint);
      const pictures = openKeptPictures(await openStore(`s3://${bucket}/kept`, "."));
      for (const [requestId, days] of [
        ["../../x", 0],
        ["/y", 0],
        ["old", 9],
      ] as const) {
        await pictures.keep({ requestId, position: 0, timeMs: noon - days * dayMs }, Buffer.from(requestId));
      }
      expect([...server.objects.keys()].sort()).toEqual([
        "kept/2026-11-20/old-0",
        "kept/2026-11-29/%2e%2e%2f%2e%2e%2fx-0",
        "kept/2026-11-29/%2fy-0",
      ]);
      expect(Buffer.from((await pictures.read({ requestId: "/y", position: 0, timeMs: noon }))!).toString()).toBe("/y");
      expect(await pictures.read({ requestId: "/y", position: 1, timeMs: noon })).toBeUndefined();
      expect(await pictures.removeBefore(noon - dayMs)).toBe(1);
      expect(await pictures.removeRequest("../../x")).toBe(1);
      expect([...server.objects.keys()]).toEqual(["kept/2026-11-29/%2fy-0"]);
      server.faults.push({ status: 403, code: "AccessDenied" });
      const refused = pictures.keep({ requestId: "z", position: 0, timeMs: noon }, Buffer.from("z"));
      await expect(refused).rejects.toMatchObject({ code: "STORE_FAILED" });
      await pictures.close();
    } finally {
      await server.close();
      vi.unstubAllEnvs();
    }
  });
});
