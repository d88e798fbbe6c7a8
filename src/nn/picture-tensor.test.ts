import { expect, it } from "vitest";
import { graph, input } from "../graph/value.ts";
import { createReferenceExecutor } from "../runtime/reference.ts";
import { measureNormalization, normalizePictures } from "./picture-tensor.ts";

it("turns bytes with channels last into normalised floats with channels first", async () => {
  const pictures = input("pictures", "uint8", ["N", 1, 2, 3]);
  const normalization = { mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.1] };
  const program = await createReferenceExecutor().load(
    graph("g", [pictures], { y: normalizePictures(pictures, normalization) }),
  );
  const bytes = Uint8Array.of(0, 51, 102, 255, 204, 153);
  const { y } = await program.run({ pictures: { dtype: "uint8", shape: [1, 1, 2, 3], data: bytes } });
  expect(y!.shape).toEqual([1, 3, 1, 2]);
  const expected = [-2, 2, -1, 2, 1, 3];
  for (const [index, value] of expected.entries()) expect(Number(y!.data[index])).toBeCloseTo(value, 5);
});

it("measures mean and standard deviation of each channel over all pictures", async () => {
  const { mean, std } = await measureNormalization([Uint8Array.of(0, 10), Uint8Array.of(255, 30)], 2);
  expect(mean[0]).toBeCloseTo(0.5, 12);
  expect(std[0]).toBeCloseTo(0.5, 12);
  expect(mean[1]).toBeCloseTo(20 / 255, 12);
  expect(std[1]).toBeCloseTo(10 / 255, 12);
});

it("gives a channel that never changes a standard deviation that can be divided by", async () => {
  expect((await measureNormalization([new Uint8Array(8).fill(7)], 1)).std).toEqual([1 / 255]);
});

it("refuses a normalisation of another number of channels", () => {
  const pictures = input("pictures", "uint8", [1, 2, 2, 3]);
  expect(() => normalizePictures(pictures, { mean: [0.5], std: [0.5] })).toThrow("for each of 3 channels");
});
