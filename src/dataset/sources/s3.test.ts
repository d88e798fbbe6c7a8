import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { describeSource, plantPictures } from "../../../tests/contracts/source.ts";
import {
  bucket,
  type Fault,
  type S3Server,
  s3Secret,
  startS3Server,
  useS3Server,
} from "../../../tests/support/s3-server.ts";
import { openSource } from "./open-source.ts";
import { openS3 } from "./s3.ts";
import type { FileSample, Source } from "./source.ts";

let server: S3Server;
let source: Source | undefined;
beforeEach(async () => {
  server = await startS3Server();
  useS3Server(server.endpoint);
  source = undefined;
});
afterEach(async () => {
  await source?.close();
  await server.close();
  vi.unstubAllEnvs();
});

function put(...keys: readonly string[]): void {
  for (const key of keys) server.objects.set(key, Buffer.from(`content of ${key}`));
}

async function open(prefix: string): Promise<FileSample[]> {
  source = await openS3(`s3://${bucket}/${prefix}`);
  const samples: FileSample[] = [];
  for await (const sample of source.samples()) if ("bytes" in sample) samples.push(sample);
  return samples;
}

async function refusalOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("pictures in an object store", () => {
  it("are listed over all pages, below their prefix only, with given splits", async () => {
    put("v1/train/cat/1.jpg", "v1/train/cat/2.jpg", "v1/train/dog/3.jpg", "v1/test/cat/4.jpg", "v1/test/dog/5.jpg");
    put("v10/train/cat/6.jpg", "v1/", "v1/train/cat/");
    const samples = await open("v1");
    expect(samples.map(({ id, label, split }) => `${id} ${label} ${split}`)).toEqual([
      "test/cat/4.jpg cat test",
      "test/dog/5.jpg dog test",
      "train/cat/1.jpg cat train",
      "train/cat/2.jpg cat train",
      "train/dog/3.jpg dog train",
    ]);
    expect(server.requests.filter((line) => line.includes("list-type=2"))).toHaveLength(3);
  });

  it("may fill the whole bucket", async () => {
    put("cat/1.jpg", "dog/2.jpg");
    source = await openSource(`s3://${bucket}`);
    expect(source).toMatchObject({ kind: "s3", location: `s3://${bucket}` });
  });

  it("are passed over where their keys lead out of the prefix", async () => {
    put("v1/cat/1.jpg", "v1/dog/2.jpg", "v1//etc/x.jpg", "v1/cat/..\\3.jpg");
    expect(await open("v1/")).toHaveLength(2);
    expect(source!.skipped.map(({ id }) => id).sort()).toEqual(["/etc/x.jpg", "cat/..\\3.jpg"]);
  });

  it.each<[string, Fault[]]>([
    [
      "answers 503 for a while",
      [
        { status: 503, code: "SlowDown" },
        { status: 500, code: "InternalError" },
      ],
    ],
    ["drops the connection", ["drop"]],
  ])("are listed and read from a store that %s", async (_, faults) => {
    put("cat/1.jpg", "dog/2.jpg");
    server.faults.push(...faults);
    const [first] = await open("");
    server.faults.push(...faults);
    expect(Buffer.from(await first!.bytes()).toString()).toBe("content of cat/1.jpg");
    expect(server.faults).toEqual([]);
  });

  it("are asked for again where their content breaks off", async () => {
    put("cat/1.jpg", "dog/2.jpg");
    const [first] = await open("");
    server.faults.push("cut", "cut");
    expect(Buffer.from(await first!.bytes()).toString()).toBe("content of cat/1.jpg");
    server.faults.push("cut", "cut", "cut");
    expect(await refusalOf(first!.bytes())).toMatchObject({
      code: "STORE_FAILED",
      where: "s3://pets/cat/1.jpg",
      received: "no answer [ECONNRESET]",
    });
  });

  it("are missing where they were deleted after they were listed", async () => {
    put("cat/1.jpg", "dog/2.jpg");
    const [first] = await open("");
    server.objects.delete("cat/1.jpg");
    expect(await refusalOf(first!.bytes())).toMatchObject({ code: "FILE_NOT_FOUND", received: "s3://pets/cat/1.jpg" });
  });

  it("of more than 256 MiB are not downloaded", async () => {
    put("cat/1.jpg", "dog/2.jpg");
    server.claimedSizes.set("cat/1.jpg", 300 * 2 ** 20);
    const [large] = await open("");
    const before = server.requests.length;
    expect(await refusalOf(large!.bytes())).toMatchObject({ code: "IMAGE_SIZE", where: "s3://pets/cat/1.jpg" });
    expect(server.requests).toHaveLength(before);
  });

  it("are not downloaded past the size that they were listed with", async () => {
    put("cat/1.jpg", "dog/2.jpg");
    server.claimedSizes.set("cat/1.jpg", 3);
    const [longer] = await open("");
    expect(await refusalOf(longer!.bytes())).toMatchObject({ code: "SOURCE_CHANGED", where: "s3://pets/cat/1.jpg" });
  });

  it.each<[string, Fault, string, string]>([
    ["access", { status: 403, code: "AccessDenied" }, "access denied", "s3:ListBucket"],
    ["an unknown key", { status: 403, code: "InvalidAccessKeyId" }, "an unknown access key", "AWS_ACCESS_KEY_ID"],
    [
      "a wrong secret",
      { status: 403, code: "SignatureDoesNotMatch" },
      "a secret key other than",
      "AWS_SECRET_ACCESS_KEY",
    ],
    ["a token of yesterday", { status: 400, code: "ExpiredToken" }, "an expired session token", "sign in again"],
    ["another region", { status: 301, code: "PermanentRedirect" }, "a bucket in another region", "AWS_REGION"],
    ["what nobody foresaw", { status: 418, code: "Tea<pot>\u001b[31m" }, "the answer", "the store's own log"],
  ])("that are refused for %s end with the reason and a hint, and no secret", async (_, fault, reason, hint) => {
    server.faults.push(fault);
    const error = await refusalOf(openS3(`s3://${bucket}/v1`));
    expect(error).toMatchObject({
      code: "STORE_FAILED",
      where: "s3://pets/v1/",
      received: expect.stringContaining(reason),
      hint: expect.stringContaining(hint),
    });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(s3Secret);
    expect(String(error)).not.toContain("\u001b");
  });

  it("of a bucket that does not exist end with its name", async () => {
    expect(await refusalOf(openS3("s3://no-pets/v1"))).toMatchObject({
      code: "STORE_FAILED",
      message: "Expected access to the object store; got no such bucket (s3://no-pets/v1/)",
    });
  });

  it("need credentials", async () => {
    useS3Server(server.endpoint, { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" });
    expect(await refusalOf(openS3("s3://pets/v1"))).toMatchObject({
      code: "STORE_FAILED",
      received: "no credentials",
      hint: expect.stringContaining("AWS_PROFILE"),
    });
  });

  it("need a region", async () => {
    useS3Server(server.endpoint, { AWS_REGION: "" });
    expect(await refusalOf(openS3("s3://pets/v1"))).toMatchObject({
      code: "STORE_FAILED",
      received: "no region",
    });
  });

  it("need a store that answers", async () => {
    const { endpoint } = server;
    await server.close();
    useS3Server(endpoint);
    expect(await refusalOf(openS3("s3://pets/v1"))).toMatchObject({
      code: "STORE_FAILED",
      received: "no answer [ECONNREFUSED]",
      hint: expect.stringContaining("AWS_ENDPOINT_URL"),
    });
  });

  it.each(["s3://", "s3://ab", "s3:///cat", "s3://KEY:password@pets/v1"])(
    "are not at %s, which is not repeated",
    async (location) => {
      const error = await refusalOf(openSource(location));
      expect(error).toMatchObject({
        code: "DATASET_SOURCE_UNKNOWN",
        hint: expect.stringContaining("never from the address"),
      });
      expect(String(error)).not.toContain("password");
    },
  );

  it("that are not there are an empty source", async () => {
    expect(await refusalOf(openSource("s3://pets/nothing"))).toMatchObject({ code: "DATASET_EMPTY" });
  });
});

describeSource("a prefix of an object store", async () => {
  const pictures = plantPictures();
  for (const { id, content } of pictures) server.objects.set(`v1/${id}`, content);
  return {
    pictures,
    open: () => openS3("s3://pets/v1"),
    change: async () => {
      server.objects.set(`v1/${pictures[0]!.id}`, Buffer.from("something else"));
    },
  };
});
