/** Compressed bodies, sent to the real service over its port. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";
import { addKey } from "../security/key-file.ts";

const bodyBytes = 60_000;
let service: RunningService;
let file = Buffer.alloc(0);
beforeAll(async () => {
  service = await startService(petModel, { bodyBytes });
  file = await readFile(join(service.folder, "samples", "cat", "0.jpg"));
});
afterAll(() => service.close());

type Headers = Readonly<Record<string, string>>;
const json = { "content-type": "application/json" };

async function post(path: string, headers: Headers, body: Uint8Array | ReadableStream) {
  const init = { method: "POST", headers, body: body as Uint8Array<ArrayBuffer>, duplex: "half" } as const;
  const answer = await fetch(`${service.origin}${path}`, init);
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, headers: answer.headers, bytes };
}

const { height, width, channels } = petModel.recipe;
const pixels = Uint8Array.from({ length: height * width * channels }, (_, at) => at % 256);

/** A body of each kind that a route takes. */
async function bodies() {
  const form = new FormData();
  form.set("file", new Blob([file]), "cat.jpg");
  const packed = new Response(form);
  const tensor = { name: "pictures", shape: [1, height, width, channels], datatype: "UINT8" };
  const head = Buffer.from(
    JSON.stringify({ inputs: [{ ...tensor, parameters: { binary_data_size: pixels.length } }] }),
  );
  const text = (value: object) => Buffer.from(JSON.stringify(value));
  return [
    ["/predict", json, text({ image: Array.from(pixels) })],
    ["/predict", json, text({ images: [file.toString("base64")], top_k: 1 })],
    ["/predict", { "content-type": "image/jpeg" }, file],
    ["/predict", { "content-type": packed.headers.get("content-type")! }, Buffer.from(await packed.arrayBuffer())],
    ["/explain", { "content-type": "image/jpeg" }, file],
    ["/invocations", json, text({ instances: [Array.from(pixels)] })],
    ["/v2/models/model/infer", json, text({ id: "1", inputs: [{ ...tensor, data: Array.from(pixels) }] })],
    [
      "/v2/models/model/infer",
      { "content-type": "application/octet-stream", "inference-header-content-length": String(head.length) },
      Buffer.concat([head, pixels]),
    ],
  ] as const;
}

const withoutIds = (bytes: Buffer) =>
  bytes
    .toString("latin1")
    .replace(/"(request_)?id":"[\da-f-]{36}"/, "")
    .replace(/\d\.\d{4,}(e-\d+)?/g, (digits) => digits.slice(0, 5));

describe("a compressed body", () => {
  it.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    ["identity", (bytes: Uint8Array) => bytes],
  ] as const)(
    "is read under %s as the same body without it is, on every route and in every form",
    async (coding, pack) => {
      for (const [path, headers, body] of await bodies()) {
        const plain = await post(path, headers, body);
        const packed = await post(path, { ...headers, "content-encoding": coding }, pack(body));
        expect([path, plain.status, packed.status]).toEqual([path, 200, 200]);
        expect(withoutIds(packed.bytes)).toBe(withoutIds(plain.bytes));
      }
    },
  );

  it("may come in pieces, without its length", async () => {
    const packed = gzipSync(file);
    const stream = new ReadableStream({
      start(controller) {
        for (let at = 0; at < packed.length; at += 500) controller.enqueue(packed.subarray(at, at + 500));
        controller.close();
      },
    });
    const { status } = await post("/predict", { "content-type": "image/jpeg", "content-encoding": "gzip" }, stream);
    expect(status).toBe(200);
  });

  it.each([
    ["br", gzipSync, 415, "MEDIA_TYPE_UNSUPPORTED", "content-encoding"],
    ["zstd", gzipSync, 415, "MEDIA_TYPE_UNSUPPORTED", "content-encoding"],
    ["gzip, gzip", gzipSync, 415, "MEDIA_TYPE_UNSUPPORTED", "content-encoding"],
    ["gzip", (bytes: Uint8Array) => bytes, 400, "REQUEST_INVALID", "body"],
    ["gzip", (bytes: Uint8Array) => gzipSync(bytes).subarray(0, -9), 400, "REQUEST_INVALID", "body"],
    ["gzip", () => gzipSync(Buffer.alloc(2 ** 25)), 413, "REQUEST_TOO_LARGE", "body"],
    ["gzip", () => gzipSync(Buffer.alloc(bodyBytes + 1)), 413, "REQUEST_TOO_LARGE", "body"],
    ["deflate", () => deflateSync(Buffer.alloc(bodyBytes + 1)), 413, "REQUEST_TOO_LARGE", "body"],
    ["gzip", () => Buffer.alloc(bodyBytes + 1), 413, "REQUEST_TOO_LARGE", "content-length"],
  ] as const)("under %s is refused where it cannot be read (%#)", async (coding, pack, status, code, where) => {
    const headers = { ...json, "content-encoding": coding };
    const answer = await post("/predict", headers, pack(Buffer.from('{"image":[1]}')));
    const { error } = JSON.parse(answer.bytes.toString());
    expect([answer.status, error.code, error.where]).toEqual([status, code, where]);
    expect(answer.headers.get("accept-encoding")).toBe(status === 415 ? "gzip, deflate" : null);
  });

  it("is refused in the protocol's own form, and holds nothing afterwards", async () => {
    const packed = gzipSync(Buffer.alloc(bodyBytes));
    for (const path of ["/v2/models/model/infer", "/invocations"]) {
      const coded = (coding: string) => post(path, { ...json, "content-encoding": coding }, packed);
      const refused = await coded("br");
      expect([refused.status, refused.bytes.toString()]).toEqual([415, expect.stringContaining("gzip or deflate")]);
      // More of them one after another than may be under way at once.
      for (let count = 0; count < 20; count++) expect((await coded("gzip")).status).toBe(400);
    }
  });
});

it("bodies that unpack to more than may be under way at once are refused for now, and not for good", async () => {
  const packed = gzipSync(Buffer.alloc(bodyBytes, " "));
  const send = () => post("/invocations", { ...json, "content-encoding": "gzip" }, packed);
  const statuses = (await Promise.all(Array.from({ length: 100 }, send))).map(({ status }) => status);
  expect(statuses.filter((status) => status !== 400 && status !== 503)).toEqual([]);
  expect((await send()).status).toBe(400);
});

it("a body of who may not call is refused as it came, and never unpacked", async () => {
  const keysFile = join(service.folder, "keys.json");
  await addKey(keysFile, { name: "shop", scopes: ["predict"] }, new Date());
  const other = await startService(petModel, { bodyBytes, keysFile });
  const headers = { ...json, "content-encoding": "gzip" };
  const payload = gzipSync(Buffer.alloc(2 ** 25));
  const answer = await other.server.app.inject({ method: "POST", url: "/predict", headers, payload });
  await other.close();
  expect([answer.statusCode, answer.json().error.code]).toEqual([401, "UNAUTHENTICATED"]);
});
