import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { expect, it, vi } from "vitest";
import { collectBody } from "./collect-body.ts";

const limit = 50_000;

/** What comes of a body that arrives in these chunks. */
function collect(chunks: Iterable<Buffer>, headers: Readonly<Record<string, string>> = {}): Promise<Buffer> {
  const payload = Object.assign(new PassThrough(), { headers });
  return new Promise((resolve, reject) => {
    // Of a request only its stream and its headers are looked at.
    collectBody(payload as unknown as IncomingMessage, limit, (error, body) =>
      error ? reject(error) : resolve(body!),
    );
    for (const chunk of chunks) payload.write(chunk);
    payload.end();
  });
}

const bytes = Buffer.from(Array.from({ length: limit }, (_, at) => at % 251));
const inPieces = (body: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(body.length / size) }, (_, at) => body.subarray(at * size, (at + 1) * size));

it.each([1, 7, 1000, limit])(
  "puts chunks of %i bytes together, with the length declared and without it",
  async (size) => {
    const body = bytes.subarray(0, Math.min(limit, size * 9_000));
    const declared = { "content-length": String(body.length) };
    expect((await collect(inPieces(body, size), declared)).equals(body)).toBe(true);
    expect((await collect(inPieces(body, size))).equals(body)).toBe(true);
  },
);

it("keeps nothing of the memory that a chunk was a part of", async () => {
  const slab = Buffer.from("0123456789");
  const body = await collect([slab.subarray(2, 5)], { "content-length": "3" });
  slab.fill(0);
  expect(body.toString()).toBe("234");
});

it("takes an empty body", async () => {
  expect(await collect([])).toHaveLength(0);
  expect(await collect([], { "content-length": "0" })).toHaveLength(0);
});

it("takes memory for what is here, not for what was announced", async () => {
  const allocate = vi.spyOn(Buffer, "allocUnsafe");
  const payload = Object.assign(new PassThrough(), { headers: { "content-length": String(2 ** 24) } });
  const broken = new Promise((resolve) => collectBody(payload as unknown as IncomingMessage, 2 ** 24, resolve));
  payload.write(bytes.subarray(0, 1000));
  payload.destroy(new Error("aborted"));
  await broken;
  const taken = allocate.mock.calls.map(([size]) => size);
  allocate.mockRestore();
  expect(Math.max(0, ...taken)).toBeLessThanOrEqual(2 ** 16);
});

it("refuses what passes the limit, and a flood of tiny chunks", async () => {
  await expect(collect([bytes, Buffer.from("1")])).rejects.toMatchObject({ code: "REQUEST_TOO_LARGE" });
  await expect(collect(inPieces(bytes.subarray(0, 10_001), 1))).rejects.toMatchObject({
    code: "REQUEST_INVALID",
    message: "Expected chunks of at least 64 bytes on average; got more than 10000 smaller ones (body)",
  });
});

it("gives the error of a body that breaks off", async () => {
  const payload = Object.assign(new PassThrough(), { headers: {} });
  const broken = new Promise((resolve) => collectBody(payload as unknown as IncomingMessage, limit, resolve));
  payload.destroy(new Error("aborted"));
  expect(await broken).toMatchObject({ message: "aborted" });
});
