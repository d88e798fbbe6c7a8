import { describe, expect, it } from "vitest";
import { createRandom } from "../base/random.ts";
import { graph, input } from "../graph/value.ts";
import { createOnnxRuntimeExecutor } from "../runtime/onnx-runtime.ts";
import type { Augmentation } from "./augment.ts";
import { augmentPictures, augments, drawAugmentation, noAugmentation, numbersPerPicture } from "./augment.ts";

const batch = 16;
const size = { height: 9, width: 7, channels: 3 };
const { height, width, channels } = size;
const plain = { mean: [0, 0, 0], std: [1, 1, 1] };
const pixels = Uint8Array.from({ length: batch * height * width * channels }, (_, index) => (index * 37 + 11) % 256);

async function run(augmentation: Augmentation, numbers: Float32Array): Promise<Float32Array> {
  const pictures = input("pictures", "uint8", [batch, height, width, channels]);
  const fed = input("numbers", "float32", [batch, numbersPerPicture]);
  const y = augmentPictures(pictures, fed, size, plain, augmentation);
  const program = await createOnnxRuntimeExecutor({ threads: 1 }).load(graph("augment", [pictures, fed], { y }));
  const outputs = await program.run({
    pictures: { dtype: "uint8", shape: [batch, height, width, channels], data: pixels },
    numbers: { dtype: "float32", shape: [batch, numbersPerPicture], data: numbers },
  });
  await program.close();
  return outputs.y!.data as Float32Array; // the graph's output is float32
}

function draw(augmentation: Augmentation, seed = 3): Float32Array {
  const numbers = new Float32Array(batch * numbersPerPicture);
  drawAugmentation(createRandom(seed), augmentation, size, numbers);
  return numbers;
}

/** The picture that each output pixel should show, worked out one pixel at a time. */
function oracle(numbers: Float32Array): Float32Array {
  const out = new Float32Array(batch * channels * height * width);
  const clamp = (value: number, side: number) => Math.min(Math.max(value, 0), side - 1);
  let at = 0;
  for (let n = 0; n < batch; n++) {
    const [rowScale, rowOffset, columnScale, columnOffset, gain, offset] = numbers.subarray(
      n * numbersPerPicture,
    ) as unknown as [number, number, number, number, number, number]; // six numbers a picture
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < height; i++) {
        for (let j = 0; j < width; j++) {
          const row = clamp(rowScale * i + rowOffset, height);
          const column = clamp(columnScale * j + columnOffset, width);
          out[at++] = interpolate(n, c, row, column) * gain + offset;
        }
      }
    }
  }
  return out;
}

function interpolate(n: number, c: number, row: number, column: number): number {
  const pixel = (i: number, j: number) => pixels[((n * height + i) * width + j) * channels + c]! / 255;
  const [top, left] = [Math.floor(row), Math.floor(column)];
  const [bottom, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)];
  const [down, across] = [row - top, column - left];
  const upper = pixel(top, left) * (1 - across) + pixel(top, right) * across;
  const lower = pixel(bottom, left) * (1 - across) + pixel(bottom, right) * across;
  return upper * (1 - down) + lower * down;
}

describe("augmentation in the graph", () => {
  it("mirrors and shifts pixel for pixel, repeating the border", async () => {
    const augmentation = { ...noAugmentation, flip: true, shiftPixels: 3 };
    const numbers = draw(augmentation);
    const y = await run(augmentation, numbers);
    // Multiplying by 255 and rounding gives back bytes: whole-pixel moves are exact.
    const bytes = (values: Float32Array) => Array.from(values, (value) => Math.round(value * 255));
    expect(bytes(y)).toEqual(bytes(oracle(numbers)));
    for (const [index, value] of oracle(numbers).entries()) expect(Math.abs(y[index]! - value)).toBeLessThan(1e-6);
  });

  it("zooms by linear interpolation, and changes brightness and contrast", async () => {
    const augmentation = { flip: true, shiftPixels: 1, zoom: 0.3, brightness: 0.4, contrast: 0.5 };
    const numbers = draw(augmentation);
    const y = await run(augmentation, numbers);
    for (const [index, value] of oracle(numbers).entries()) expect(Math.abs(y[index]! - value)).toBeLessThan(1e-5);
  });

  it("leaves pictures alone for the numbers of no augmentation", async () => {
    const numbers = draw(noAugmentation);
    expect(Array.from(numbers.subarray(0, 6), Math.abs)).toEqual([1, 0, 1, 0, 1, 0]);
    const y = await run(noAugmentation, numbers);
    const planes = y.subarray(0, height * width * channels);
    const firstPicture = pixels.subarray(0, height * width * channels);
    for (const [index, byte] of firstPicture.entries()) {
      const plane = (index % channels) * height * width + Math.floor(index / channels);
      expect(Math.round(planes[plane]! * 255)).toBe(byte);
    }
  });
});

describe("drawing", () => {
  it("gives the same numbers for the same seed and others for another", () => {
    const augmentation = { flip: true, shiftPixels: 4, zoom: 0.2, brightness: 0.1, contrast: 0.1 };
    expect(draw(augmentation, 1)).toEqual(draw(augmentation, 1));
    expect(draw(augmentation, 1)).not.toEqual(draw(augmentation, 2));
  });

  it("shifts by every whole number within reach, and mirrors about half", () => {
    const numbers = new Float32Array(2000 * numbersPerPicture);
    drawAugmentation(createRandom(4), { ...noAugmentation, flip: true, shiftPixels: 2 }, size, numbers);
    const rows = Array.from({ length: 2000 }, (_, n) => numbers.subarray(n * numbersPerPicture));
    expect([...new Set(rows.map((row) => row[1]!))].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    const mirrored = rows.filter((row) => row[2] === -1).length;
    expect(mirrored).toBeGreaterThan(900);
    expect(mirrored).toBeLessThan(1100);
  });

  it("knows whether it changes anything", () => {
    expect(augments(noAugmentation)).toBe(false);
    expect(augments({ ...noAugmentation, zoom: 0.1 })).toBe(true);
  });
});
