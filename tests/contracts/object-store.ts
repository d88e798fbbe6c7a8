/** What every object store must do; each adapter's test runs this suite. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { interruption } from "../../src/base/cancel.ts";
import type { ObjectContent } from "../../src/storage/object-content.ts";
import { type ObjectStore, readBytesOf } from "../../src/storage/object-store.ts";
import { awkwardFileNames } from "./source.ts";

export interface OpenedStore {
  readonly store: ObjectStore;
  remove?(): Promise<void>;
}

/** Larger than what one request, one page or one chunk holds in the adapters' tests. */
const large = Buffer.from(Array.from({ length: 3 * 2 ** 20 + 5 }, (_, at) => at % 251));

const hostileKeys = ["", "..", "../x", "a/../x", "a/./x", "/x", "a//x", "a/", "a\\x", "C:x", "a\0x", ".pawprint-x/a"];

/** `fileNames` are those that the server itself can take. */
export function describeObjectStore(
  name: string,
  openStore: () => Promise<OpenedStore>,
  fileNames: readonly string[] = awkwardFileNames,
): void {
  describe(`${name} as an object store`, () => {
    let opened: OpenedStore;
    let store: ObjectStore;
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "objects-"));
      opened = await openStore();
      store = opened.store;
    });
    afterEach(async () => {
      await store.close();
      await opened.remove?.();
      await rm(folder, { recursive: true });
    });

    const text = async (key: string): Promise<string> => Buffer.from(await readBytesOf(store, key)).toString();
    const put = (key: string, content = `content of ${key}`) => store.write(key, Buffer.from(content));
    const keys = async (prefix?: string): Promise<string[]> => {
      const found: string[] = [];
      for await (const { key } of store.list(prefix)) found.push(key);
      return found;
    };

    it("gives what was written, from bytes, a stream or a file, of any size", async () => {
      const file = join(folder, "content");
      for (const bytes of [Buffer.alloc(0), Buffer.from("ab"), large]) {
        await writeFile(file, bytes);
        const contents: ObjectContent[] = [bytes, streamOf(bytes, bytes.length), { file }];
        for (const content of contents) {
          const written = await store.write("a/b.bin", content);
          expect(written).toMatchObject({ key: "a/b.bin", sizeBytes: bytes.length });
          expect(await store.head("a/b.bin")).toEqual(written);
          expect(bytes.equals(await readBytesOf(store, "a/b.bin"))).toBe(true);
        }
      }
    });

    it("takes awkward names", async () => {
      for (const file of fileNames) await put(`großer hund 🐕/${file}`);
      expect((await keys()).sort()).toEqual(fileNames.map((file) => `großer hund 🐕/${file}`).sort());
      for (const file of fileNames) expect(await text(`großer hund 🐕/${file}`)).toContain(file);
    });

    it("lists objects below a prefix, in order and over all pages, as head describes them", async () => {
      const all = ["a-1", "a.txt", "a/1", "a/2/x", "a/2/y", "a/3", "a0", "b", "Z", "é", "🐕", "\uffee"];
      for (const key of all) await put(key);
      const byBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));
      expect(await keys()).toEqual(all.toSorted(byBytes));
      expect(await keys("a")).toEqual(all.filter((key) => key.startsWith("a")).sort(byBytes));
      expect(await keys("a/")).toEqual(["a/1", "a/2/x", "a/2/y", "a/3"]);
      expect(await keys("a/2")).toEqual(["a/2/x", "a/2/y"]);
      expect(await keys("nothing/here")).toEqual([]);
      for await (const object of store.list()) expect(await store.head(object.key)).toEqual(object);
      for await (const _ of store.list()) break;
    });

    it("is empty before the first write", async () => {
      expect(await keys()).toEqual([]);
      expect(await store.head("a")).toBeUndefined();
    });

    it("gives ranges of bytes", async () => {
      await put("a", "0123456789");
      const range = async (start: number, end?: number) =>
        Buffer.from(await readBytesOf(store, "a", { range: { start, ...(end !== undefined && { end }) } })).toString();
      expect(await range(0, 3)).toBe("012");
      expect(await range(7)).toBe("789");
      expect(await range(8, 100)).toBe("89");
      expect(await range(4, 4)).toBe("");
      expect(await range(10)).toBe("");
      expect(await range(99, 100)).toBe("");
      await expect(range(3, 2)).rejects.toMatchObject({ code: "INTERNAL" });
      await expect(range(-1)).rejects.toMatchObject({ code: "INTERNAL" });
    });

    it("may be read in part", async () => {
      await store.write("a", large);
      for await (const chunk of store.read("a")) {
        expect(chunk.byteLength).toBeGreaterThan(0);
        break;
      }
      expect((await readBytesOf(store, "a")).byteLength).toBe(large.length);
    });

    it("says that an object is missing", async () => {
      await put("a/b");
      for (const key of ["x", "a", "a/b/c", "x/y"]) {
        expect(await store.head(key)).toBeUndefined();
        await expect(readBytesOf(store, key)).rejects.toMatchObject({
          code: "FILE_NOT_FOUND",
          received: store.addressOf(key),
        });
      }
    });

    it("deletes, also what is not there", async () => {
      await put("a/b");
      await store.delete("a/b");
      await store.delete("a/b");
      await store.delete("x/y");
      expect(await keys()).toEqual([]);
    });

    it("gives another version with each write, of the same size too", async () => {
      const versions: string[] = [];
      for (const content of ["one", "two", "six"]) versions.push((await put("a", content)).version);
      expect(new Set(versions).size).toBe(3);
    });

    it("reads one version or none", async () => {
      const { version } = await put("a", "old");
      expect(Buffer.from(await readBytesOf(store, "a", { version })).toString()).toBe("old");
      await put("a", "new");
      await expect(readBytesOf(store, "a", { version })).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    });

    it("writes only what is absent, where that is asked", async () => {
      await store.write("a", Buffer.from("first"), { only: "absent" });
      await expect(store.write("a", Buffer.from("second"), { only: "absent" })).rejects.toMatchObject({
        code: "STORE_CONFLICT",
        received: "an existing object",
        where: store.addressOf("a"),
      });
      expect(await text("a")).toBe("first");
      await store.write("large", large, { only: "absent" });
      await expect(store.write("large", large, { only: "absent" })).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    });

    it("replaces one version only, where that is asked", async () => {
      const first = await put("a", "first");
      const second = await store.write("a", Buffer.from("second"), { only: first });
      const refused = store.write("a", Buffer.from("third"), { only: first });
      await expect(refused).rejects.toMatchObject({ code: "STORE_CONFLICT", received: "another version" });
      expect(await text("a")).toBe("second");
      await store.delete("a");
      await expect(store.write("a", large, { only: second })).rejects.toMatchObject({ code: "STORE_CONFLICT" });
      expect(await keys()).toEqual([]);
    });

    it.each(["absent", "version"])("lets one of many writers that ask for %s win", async (asked) => {
      const only = asked === "absent" ? "absent" : await put("a", "before");
      const tries = Array.from({ length: 6 }, (_, at) => store.write("a", Buffer.from(`writer ${at}`), { only }));
      const ends = await Promise.allSettled(tries);
      const winners = ends.flatMap((end, at) => (end.status === "fulfilled" ? [at] : []));
      expect(winners).toHaveLength(1);
      expect(await text("a")).toBe(`writer ${winners[0]}`);
      for (const end of ends)
        if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "STORE_CONFLICT" });
    });

    it.each([10, large.length])(
      "keeps the old content where a stream of %i bytes fails or has another size",
      async (size) => {
        await put("a", "old");
        const bytes = large.subarray(0, size);
        const fault = new Error("the stream broke");
        await expect(store.write("a", streamOf(bytes, size + 1, fault))).rejects.toBe(fault);
        for (const announced of [size - 1, size + 1]) {
          await expect(store.write("a", streamOf(bytes, announced))).rejects.toMatchObject({ code: "STORE_CONFLICT" });
        }
        await expect(store.write("a", { file: join(folder, "none") })).rejects.toMatchObject({
          code: "FILE_NOT_FOUND",
        });
        expect(await text("a")).toBe("old");
        expect(await keys()).toEqual(["a"]);
      },
    );

    it.each(hostileKeys)("refuses the key %j", async (key) => {
      const refusal = { code: "STORE_KEY_INVALID", where: store.addressOf("") };
      await expect(store.head(key)).rejects.toMatchObject(refusal);
      await expect(readBytesOf(store, key)).rejects.toMatchObject(refusal);
      await expect(put(key)).rejects.toMatchObject(refusal);
      await expect(store.delete(key)).rejects.toMatchObject(refusal);
      if (key !== "") await expect(keys(`${key}/`)).rejects.toMatchObject(refusal);
    });

    it("ends where it is cancelled", async () => {
      await put("a");
      const signal = AbortSignal.abort(interruption("SIGINT"));
      const listing = async (): Promise<void> => {
        for await (const _ of store.list("", { signal })) expect.unreachable();
      };
      const calls = [
        () => store.head("a", { signal }),
        () => readBytesOf(store, "a", { signal }),
        () => store.write("b", large, { signal }),
        () => store.delete("a", { signal }),
        listing,
      ];
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "INTERRUPTED", received: "SIGINT" });
      const controller = new AbortController();
      const reading = async (): Promise<void> => {
        for await (const _ of store.read("large", { signal: controller.signal }))
          controller.abort(interruption("SIGINT"));
      };
      await store.write("large", large);
      await expect(reading()).rejects.toMatchObject({ code: "INTERRUPTED" });
      expect(await keys()).toEqual(["a", "large"]);
    });

    it("may be closed twice", async () => {
      await store.close();
      await store.close();
    });
  });
}

/** Bytes as a stream, which throws `fault` at its end. */
function streamOf(bytes: Uint8Array, sizeBytes: number, fault?: Error): ObjectContent {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
    if (fault) throw fault;
  }
  return { stream: chunks(), sizeBytes };
}
