import { describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

const tensors = [
  { name: "a.weight", shape: [2, 2], data: Float32Array.of(1, -2, 0.5, 3e-20) },
  { name: "empty", shape: [0], data: new Float32Array(0) },
  { name: "b", shape: [], data: Float32Array.of(7) },
];
const file = encodeSafetensors(tensors, { note: "über" });

function withHeader(header: unknown, data = new Uint8Array(0)): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

describe("safetensors", () => {
  it("gives back what was written, from any place in memory", () => {
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    for (const bytes of [file, shifted.subarray(3), Buffer.from(file)]) {
      const decoded = decodeSafetensors(bytes, "x");
      expect([...decoded.tensors.values()]).toEqual(tensors);
      expect(decoded.metadata).toEqual({ note: "über" });
    }
  });

  it("is laid out as the format says: length, padded JSON header, little-endian data", () => {
    const headerBytes = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect((8 + headerBytes) % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerBytes)));
    expect(header["a.weight"]).toEqual({ dtype: "F32", shape: [2, 2], data_offsets: [0, 16] });
    expect(header.b).toEqual({ dtype: "F32", shape: [], data_offsets: [16, 20] });
    expect(new DataView(file.buffer, 8 + headerBytes).getFloat32(4, true)).toBe(-2);
  });

  it("refuses a file cut at any byte", () => {
    for (let length = 0; length < file.length; length++) {
      expect(() => decodeSafetensors(file.subarray(0, length), "cut")).toThrow(
        expect.objectContaining({ code: "CHECKPOINT_INVALID", where: "cut" }),
      );
    }
  });

  it.each<[string, Uint8Array, string]>([
    ["bytes after the end", Uint8Array.of(...file, 0), "bytes as the header says"],
    ["a header that is no JSON", withHeader("{"), "header in JSON"],
    ["a header that is a list", withHeader("[]"), "a JSON object"],
    ["metadata that are no texts", withHeader({ __metadata__: { a: 1 } }), "texts in __metadata__"],
    [
      "another type",
      withHeader({ a: { dtype: "F16", shape: [], data_offsets: [0, 2] } }, new Uint8Array(2)),
      "dtype F32",
    ],
    ["a negative shape", withHeader({ a: { dtype: "F32", shape: [-1], data_offsets: [0, 4] } }), "tensor 'a'"],
    ["offsets of another size", withHeader({ a: { dtype: "F32", shape: [2], data_offsets: [0, 4] } }), "tensor 'a'"],
    ["a gap", withHeader({ a: { dtype: "F32", shape: [1], data_offsets: [4, 8] } }, new Uint8Array(8)), "without gaps"],
    ["a deep header", withHeader(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`), "more than 64 levels"],
    [
      "deep metadata",
      withHeader(`{"__metadata__":${"[".repeat(100_000)}${"]".repeat(100_000)}}`),
      "more than 64 levels",
    ],
    ["a header of millions of lists", withHeader(`{"a":[${"[],".repeat(5_000_000)}[]]}`), "more than 4000000 lists"],
    [
      "tensors that overlap",
      withHeader(
        {
          a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
          b: { dtype: "F32", shape: [1], data_offsets: [4, 8] },
        },
        new Uint8Array(8),
      ),
      "without gaps",
    ],
    [
      "a name twice",
      withHeader(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        new Uint8Array(8),
      ),
      "without gaps",
    ],
    [
      "an object as type",
      withHeader({ a: { dtype: { a: 1 }, shape: [], data_offsets: [0, 4] } }),
      "an object with the key",
    ],
    [
      "a shape whose product is no number",
      withHeader({ a: { dtype: "F32", shape: [2 ** 52, 2 ** 52, 2 ** 1000], data_offsets: [0, 4] } }),
      "tensor 'a'",
    ],
    ["a header of 2^60 bytes", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 16, 1, 2), "8 bytes of header length"],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, "x")).toThrow(message);
  });
});
