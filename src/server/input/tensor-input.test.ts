import { describe, expect, it } from "vitest";
import { picturesFromTensor, type RequestTensor } from "./tensor-input.ts";

const recipe = { width: 2, height: 1, channels: 1, fit: "stretch", kernel: "linear" } as const;
const read = (tensor: Partial<RequestTensor>, limit = 4) =>
  picturesFromTensor({ name: "pictures", shape: [2, 1, 2, 1], datatype: "UINT8", ...tensor }, recipe, limit);

describe("UINT8", () => {
  it("is parted into pictures, from flat or nested numbers or bytes", () => {
    for (const tensor of [
      { data: [1, 2, 3, 4] },
      { data: [[[[1], [2]]], [[[3], [4]]]] },
      { bytes: Uint8Array.of(1, 2, 3, 4) },
    ]) {
      expect(read(tensor)).toEqual([
        { kind: "pixels", pixels: Uint8Array.of(1, 2), shape: [1, 2, 1], where: "pictures[0]" },
        { kind: "pixels", pixels: Uint8Array.of(3, 4), shape: [1, 2, 1], where: "pictures[1]" },
      ]);
    }
  });
});

const lengthPrefixed = (...files: string[]) =>
  Buffer.concat(
    files.map((file) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(file.length);
      return Buffer.concat([length, Buffer.from(file)]);
    }),
  );

describe("BYTES", () => {
  it("are picture files, as base64 or behind their lengths, in one column or none", () => {
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const expected = [
      { kind: "file", bytes: Buffer.from("one"), where: "pictures[0]" },
      { kind: "file", bytes: Buffer.from("other"), where: "pictures[1]" },
    ];
    expect(read({ datatype: "BYTES", shape: [2], data: [base64("one"), base64("other")] })).toEqual(expected);
    expect(read({ datatype: "BYTES", shape: [2, 1], data: [[base64("one")], [base64("other")]] })).toEqual(expected);
    expect(read({ datatype: "BYTES", shape: [2], bytes: lengthPrefixed("one", "other") })).toEqual(expected);
  });

  it.each([
    [lengthPrefixed("one")],
    [lengthPrefixed("one", "two", "three")],
    [lengthPrefixed("one", "two").subarray(0, 12)],
    [Buffer.from([255, 255, 255, 255])],
    [Buffer.from([1])],
  ])("%j are refused", (bytes) => {
    expect(() => read({ datatype: "BYTES", shape: [2], bytes })).toThrow(
      expect.objectContaining({ code: "REQUEST_INVALID" }),
    );
  });
});

it.each([
  [{ name: "other" }, "REQUEST_INVALID"],
  [{ shape: [] }, "REQUEST_INVALID"],
  [{ shape: [0, 1, 2, 1], data: [] }, "REQUEST_INVALID"],
  [{ shape: [1, 1, 2, 1], data: [1] }, "REQUEST_INVALID"],
  [{ shape: [1, 2, 1, 1], data: [1, 2] }, "REQUEST_INVALID"],
  [{ shape: [1, 1, 2, 1, 1], data: [1, 2] }, "REQUEST_INVALID"],
  [{ data: [1, 2, 3, 256] }, "REQUEST_INVALID"],
  [{ data: [1, 2, 3, 0.5] }, "REQUEST_INVALID"],
  [{ data: [1, 2, 3, "4"] }, "REQUEST_INVALID"],
  [{ datatype: "INT8", data: [1, 2, 3, 4] }, "REQUEST_INVALID"],
  [{ datatype: "BYTES", shape: [2], data: [1, 2] }, "REQUEST_INVALID"],
  [{ datatype: "BYTES", shape: [0], data: [] }, "REQUEST_INVALID"],
  [{ shape: [5, 1, 2, 1], data: [] }, "REQUEST_TOO_LARGE"],
  [{ shape: [1e15, 1, 2, 1], data: [] }, "REQUEST_TOO_LARGE"],
] as const)("refuses %j", (tensor, code) => {
  expect(() => read(tensor as Partial<RequestTensor>)).toThrow(expect.objectContaining({ code }));
});

it("takes data that is flat or nested as its shape, with lists of one around it or not, and no other", () => {
  const colour = { ...recipe, height: 2, width: 3, channels: 3 } as const;
  const flat = Array.from({ length: 18 }, (_, at) => at);
  const groups = <T>(items: readonly T[], size: number): T[][] =>
    Array.from({ length: items.length / size }, (_, at) => items.slice(at * size, (at + 1) * size));
  const tensor = { name: "pictures", shape: [1, 2, 3, 3], datatype: "UINT8" };
  const pixels = groups(groups(flat, 3), 3);
  for (const data of [flat, pixels, [pixels]]) {
    expect(picturesFromTensor({ ...tensor, data }, colour, 4)).toEqual([
      { kind: "pixels", pixels: Uint8Array.from(flat), shape: [2, 3, 3], where: "pictures[0]" },
    ]);
  }
  for (const [data, came] of [
    [groups(groups(flat, 3), 2), "[3,2,3]"],
    [groups(flat, 9), "[2,9]"],
    [groups(flat, 1), "[18,1]"],
  ] as const) {
    expect(() => picturesFromTensor({ ...tensor, data }, colour, 4)).toThrow(
      `Expected data that is flat, or nested as its shape [1,2,3,3]; got ${came} (input 'pictures')`,
    );
  }
  const files = { datatype: "BYTES", shape: [2], data: [["b25l"], ["b25l"]] };
  expect(() => read(files)).toThrow("nested as its shape [2]; got [2,1]");
});

it("refuses channels before rows, and says how to turn them", () => {
  const colour = { ...recipe, height: 2, width: 4, channels: 3 } as const;
  const tensor = { name: "pictures", shape: [1, 3, 2, 4], datatype: "UINT8", bytes: new Uint8Array(24) };
  expect(() => picturesFromTensor(tensor, colour, 4)).toThrow(
    expect.objectContaining({
      message: "Expected UINT8 [N,2,4,3] or BYTES [N]; got UINT8 [1,3,2,4] (input 'pictures')",
      hint: "channels come last: transpose [C,H,W] to [H,W,C]",
    }),
  );
});

it("names the input, what it takes and what came", () => {
  const tensor = { name: "pictures", shape: [1, 3], datatype: "FP32", data: [1, 2, 3] };
  expect(() => picturesFromTensor(tensor, recipe, 4)).toThrow(
    expect.objectContaining({
      code: "REQUEST_INVALID",
      required: "UINT8 [N,1,2,1] or BYTES [N]",
      received: "FP32 [1,3]",
      where: "input 'pictures'",
    }),
  );
});
