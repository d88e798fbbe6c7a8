import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../base/hash.ts";
import { fetchPublicSet, type PublicSet, publicSets } from "./public-sets.ts";

const parts: Readonly<Record<string, string>> = { "/a.bin": "first", "/b.bin": "second" };
const server = createServer((request, response) => response.end(parts[request.url ?? ""]));
let base = "";
let sets: Readonly<Record<string, PublicSet>> = {};
beforeAll(async () => {
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const files = Object.entries(parts).map(([path, text]) => {
    return { name: path.slice(1), urls: [`${base}${path}`], sizeBytes: text.length, sha256: sha256(text) };
  });
  const facts = { title: "t", page: "p", licence: "l" };
  sets = { several: { ...facts, files }, single: { ...facts, files: files.slice(0, 1) } };
});
afterAll(() => server.close());

describe("fetching a public set", () => {
  it("brings all its files into a folder, and a second time asks for none", async () => {
    const to = join(await mkdtemp(join(tmpdir(), "pawprint-sets-")), "deep", "set");
    const fetched = await fetchPublicSet("several", { to, sets });
    expect(fetched).toMatchObject({ location: to, files: [{ status: "downloaded" }, { status: "downloaded" }] });
    expect((await readdir(to)).sort()).toEqual(["a.bin", "b.bin"]);
    expect(await readFile(join(to, "b.bin"), "utf8")).toBe("second");
    const again = await fetchPublicSet("several", { to, sets });
    expect(again.files.map(({ status }) => status)).toEqual(["present", "present"]);
  });

  it("names the file itself where it is the only one", async () => {
    const to = await mkdtemp(join(tmpdir(), "pawprint-sets-"));
    expect((await fetchPublicSet("single", { to, sets })).location).toBe(join(to, "a.bin"));
  });

  it("leaves another file of the same name alone", async () => {
    const to = await mkdtemp(join(tmpdir(), "pawprint-sets-"));
    await writeFile(join(to, "a.bin"), "mine");
    await expect(fetchPublicSet("single", { to, sets })).rejects.toMatchObject({ code: "FILE_EXISTS" });
  });

  it("says which sets there are, and which one was meant", async () => {
    await expect(fetchPublicSet("mnits", { to: "unused" })).rejects.toMatchObject({
      code: "CLI_USAGE",
      message: "Expected one of the sets mnist, cats-vs-dogs; got 'mnits'",
      hint: expect.stringContaining("mnist"),
    });
  });
});

describe("the table of public sets", () => {
  it("names encrypted addresses, sizes and SHA-256 of every file", () => {
    for (const { files } of Object.values(publicSets)) {
      for (const { urls, sizeBytes, sha256: hash } of files) {
        expect(urls.every((url) => url.startsWith("https://"))).toBe(true);
        expect(sizeBytes).toBeGreaterThan(0);
        expect(hash).toMatch(/^[0-9a-f]{64}$/);
      }
    }
  });

  const mnist = join(process.env.PAWPRINT_TEST_DATA ?? resolve("..", "shared", "data"), "mnist");
  const reason = existsSync(mnist) ? "" : ` (skipped: ${mnist} is not there)`;
  it.skipIf(!existsSync(mnist))(`holds the hashes of MNIST's real files${reason}`, async () => {
    for (const { name, sizeBytes, sha256: hash } of publicSets.mnist!.files) {
      const bytes = await readFile(join(mnist, name));
      expect([bytes.length, sha256(bytes)]).toEqual([sizeBytes, hash]);
    }
  });
});
