import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { describeObjectStore } from "../../tests/contracts/object-store.ts";
import { bucket, type S3Server, startS3Server, useS3Server } from "../../tests/support/s3-server.ts";
import { type ObjectStore, readBytesOf } from "./object-store.ts";
import { openS3Store } from "./s3-store.ts";

const partBytes = 2 ** 20;

let server: S3Server;
beforeEach(async () => {
  server = await startS3Server();
  useS3Server(server.endpoint);
});
afterEach(async () => {
  await server.close();
  vi.unstubAllEnvs();
});

describeObjectStore("a prefix in S3", async () => ({
  store: await openS3Store({ bucket, prefix: "v1/" }, { partBytes }),
}));

describe("an S3 store", () => {
  let store: ObjectStore;
  const large = Buffer.alloc(2.5 * partBytes, "x");
  beforeEach(async () => {
    store = await openS3Store({ bucket, prefix: "" }, { partBytes });
  });
  afterEach(() => store.close());

  it("keeps to its prefix", async () => {
    server.objects.set("v10/x", Buffer.from("other"));
    const v1 = await openS3Store({ bucket, prefix: "v1/" });
    await v1.write("a", Buffer.from("a"));
    for await (const { key } of v1.list()) expect(key).toBe("a");
    expect([...server.objects.keys()]).toEqual(["v10/x", "v1/a"]);
    await v1.close();
  });

  it("lists what others wrote, but no folder markers", async () => {
    for (const key of ["a/", "a//b", "..", "a/b"]) server.objects.set(key, Buffer.from(key));
    const keys: string[] = [];
    for await (const { key } of store.list()) keys.push(key);
    expect(keys).toEqual(["..", "a//b", "a/b"]);
  });

  it("goes on where a body broke off, in the same version", async () => {
    await store.write("a", large);
    server.faults.push("cut");
    expect(large.equals(await readBytesOf(store, "a"))).toBe(true);
    server.faults.push("cut");
    const reading = store.read("a")[Symbol.asyncIterator]();
    await reading.next();
    await store.write("a", Buffer.alloc(2.5 * partBytes, "y"));
    const rest = async () => {
      while (!(await reading.next()).done);
    };
    await expect(rest()).rejects.toMatchObject({ code: "STORE_CONFLICT" });
  });

  it("drops the parts of a write that fails", async () => {
    server.faults.push(undefined, undefined, { status: 403, code: "AccessDenied" });
    await expect(store.write("a", large)).rejects.toMatchObject({ code: "STORE_FAILED", received: "access denied" });
    await store.write("a", large);
    await expect(store.write("a", large, { only: "absent" })).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    const broken = (async function* () {
      yield large.subarray(0, 1.5 * partBytes);
      throw new Error("broke");
    })();
    await expect(store.write("b", { stream: broken, sizeBytes: large.length })).rejects.toThrow("broke");
    expect(server.openUploads()).toEqual([]);
    expect([...server.objects.keys()]).toEqual(["a"]);
  });

  it.each<[string, Buffer, S3Server["faults"]]>([
    ["one request", Buffer.from("small"), ["mute"]],
    ["parts", large, [undefined, undefined, undefined, undefined, "mute"]],
  ])("knows its own write in %s where the answer to it was lost", async (_, content, faults) => {
    server.faults.push(...faults);
    const written = await store.write("a", content, { only: "absent" });
    expect(await store.head("a")).toEqual(written);
    server.faults.push(...faults);
    await expect(store.write("a", content, { only: "absent" })).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    server.faults.push(...faults);
    const next = await store.write("a", content, { only: written });
    expect(await store.head("a")).toEqual(next);
    expect(server.openUploads()).toEqual([]);
  });

  it("says what permission is missing", async () => {
    server.faults.push({ status: 403, code: "AccessDenied" });
    await expect(store.write("a", Buffer.from("x"))).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: "access to the object store; got access denied (s3://pets/a)",
      hint: expect.stringContaining("s3:PutObject"),
    });
  });
});
