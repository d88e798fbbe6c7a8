import { describe, expect, it } from "vitest";
import { createRandom } from "../../base/random.ts";
import { evaluateReference } from "../../graph/reference-evaluation.ts";
import { graph, input, nodesOf } from "../../graph/value.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import { normalizePictures } from "../picture-tensor.ts";
import { augmentPictures, mixTargets } from "./augment.ts";
import { type Augmentation, noAugmentation } from "./augmentation.ts";
import { drawAugmentation } from "./draw.ts";
import { blockRows, numbersPerPicture } from "./numbers.ts";

const batch = 12;
const mean = [0.45, 0.5, 0.3];
const std = [0.2, 0.25, 0.3];

function setupOf(changes: Partial<Augmentation>, channels: number, height = 9, width = 7) {
  const normalization = { mean: mean.slice(0, channels), std: std.slice(0, channels) };
  return { augmentation: { ...noAugmentation, ...changes }, size: { height, width, channels }, normalization };
}
type Setup = ReturnType<typeof setupOf>;

function pixelsOf({ size: { height, width, channels } }: Setup): Uint8Array {
  const random = createRandom("pixels");
  return Uint8Array.from({ length: batch * height * width * channels }, () => random.integer(256));
}

function draw(setup: Setup, seed = 3): Float32Array {
  const numbers = new Float32Array(batch * numbersPerPicture(setup.size.channels));
  drawAugmentation(createRandom(seed), setup, numbers);
  return numbers;
}

async function run(setup: Setup, numbers: Float32Array): Promise<Float32Array> {
  const { height, width, channels } = setup.size;
  const pictures = input("pictures", "uint8", [batch, height, width, channels]);
  const fed = input("numbers", "float32", [batch, numbersPerPicture(channels)]);
  const y = augmentPictures(pictures, fed, setup);
  const program = await createOnnxRuntimeExecutor({ threads: 1 }).load(graph("augment", [pictures, fed], { y }));
  const outputs = await program.run({
    pictures: { dtype: "uint8", shape: [batch, height, width, channels], data: pixelsOf(setup) },
    numbers: { dtype: "float32", shape: [batch, numbersPerPicture(channels)], data: numbers },
  });
  await program.close();
  return outputs.y!.data as Float32Array; // the graph's output is float32
}

/** What each output value should be, worked out one pixel at a time from what the numbers mean. */
function oracle(setup: Setup, numbers: Float32Array): Float32Array {
  const { height, width, channels } = setup.size;
  const pixels = pixelsOf(setup);
  const rows = (block: Parameters<typeof blockRows>[2]) => blockRows(numbers, channels, block);
  const [geometry, colours, erased, mixing] = [rows("geometry"), rows("colours"), rows("erased"), rows("mixing")];
  const isIn = ([left, top, right, bottom]: Float32Array, row: number, column: number) =>
    column >= left! && column < right! && row >= top! && row < bottom!;
  const unmixed = (n: number, channel: number, row: number, column: number): number => {
    if (isIn(erased[n]!, row, column)) return 0;
    const [a, b, c, d, e, f] = geometry[n] as unknown as [number, number, number, number, number, number];
    const [x, y] = [column - (width - 1) / 2, row - (height - 1) / 2];
    const place = [d * x + e * y + f + (height - 1) / 2, a * x + b * y + c + (width - 1) / 2] as const;
    const source = (from: number) => interpolate(pixels, setup, n, from, ...place);
    const matrix = colours[n]!.subarray(channel * channels, (channel + 1) * channels);
    return matrix.reduce((sum, gain, from) => sum + gain * source(from), colours[n]![channels * channels + channel]!);
  };
  const out = new Float32Array(batch * channels * height * width);
  for (let at = 0; at < out.length; at++) {
    const [column, row] = [at % width, Math.floor(at / width) % height];
    const channel = Math.floor(at / (width * height)) % channels;
    const n = Math.floor(at / (width * height * channels));
    const [partner, , share] = mixing[n]!;
    const own = isIn(mixing[n]!.subarray(3), row, column) ? 0 : share!;
    out[at] = own * unmixed(n, channel, row, column) + (1 - own) * unmixed(partner!, channel, row, column);
  }
  return out;
}

function interpolate(pixels: Uint8Array, { size }: Setup, n: number, channel: number, row: number, column: number) {
  const { height, width, channels } = size;
  const clamp = (value: number, side: number) => Math.min(Math.max(value, 0), side - 1);
  const pixel = (i: number, j: number) =>
    pixels[((n * height + clamp(i, height)) * width + clamp(j, width)) * channels + channel]!;
  const [i, j] = [clamp(row, height), clamp(column, width)];
  const [top, left] = [Math.floor(i), Math.floor(j)];
  const [down, across] = [i - top, j - left];
  const upper = pixel(top, left) * (1 - across) + pixel(top, left + 1) * across;
  const lower = pixel(top + 1, left) * (1 - across) + pixel(top + 1, left + 1) * across;
  return upper * (1 - down) + lower * down;
}

const largestDifference = (a: Float32Array, b: Float32Array) =>
  a.reduce((largest, value, at) => Math.max(largest, Math.abs(value - b[at]!)), 0);

/** The pictures under no augmentation at all. */
async function plain(setup: Setup): Promise<Float32Array> {
  const { height, width, channels } = setup.size;
  const pictures = input("pictures", "uint8", [batch, height, width, channels]);
  const y = normalizePictures(pictures, setup.normalization);
  const program = await createOnnxRuntimeExecutor({ threads: 1 }).load(graph("plain", [pictures], { y }));
  const feeds = { dtype: "uint8" as const, shape: [batch, height, width, channels], data: pixelsOf(setup) };
  const outputs = await program.run({ pictures: feeds });
  await program.close();
  return outputs.y!.data as Float32Array; // the graph's output is float32
}

const everything: Partial<Augmentation> = {
  flip: true,
  shiftPixels: 2,
  zoom: 0.2,
  rotationDegrees: 25,
  shear: 0.2,
  crop: 0.3,
  brightness: 0.4,
  contrast: 0.4,
  erasing: 0.5,
  cutmix: 1,
  mixup: 0.5,
  randAugment: { count: 2, magnitude: 9 },
};

describe("augmentation in the graph, against a picture worked out pixel by pixel", () => {
  it.each<[string, Partial<Augmentation>, number]>([
    ["mirrors", { flip: true }, 3],
    ["shifts", { shiftPixels: 3 }, 3],
    ["zooms", { zoom: 0.4 }, 3],
    ["crops", { crop: 0.1 }, 3],
    ["rotates", { rotationDegrees: 180 }, 3],
    ["shears", { shear: 0.5 }, 3],
    ["changes brightness", { brightness: 0.5 }, 3],
    ["changes contrast", { contrast: 0.5 }, 3],
    ["changes saturation", { saturation: 1 }, 3],
    ["turns hues", { hue: 0.5 }, 3],
    ["erases", { erasing: 1 }, 3],
    ["blends pairs", { mixup: 1 }, 3],
    ["pastes patches", { cutmix: 1 }, 3],
    ["blends or pastes", { mixup: 1, cutmix: 1 }, 3],
    ["follows a drawn policy", { randAugment: { count: 3, magnitude: 10 } }, 3],
    ["does all of it to grey pictures", everything, 1],
    ["does all of it to pictures in colour", { ...everything, saturation: 0.5, hue: 0.1 }, 3],
  ])("%s", async (_, changes, channels) => {
    const setup = setupOf(changes, channels);
    const numbers = draw(setup);
    const y = await run(setup, numbers);
    expect(y).not.toEqual(await plain(setup));
    // Values reach some 5 deviations of float32 sums; places between pixels are known to 1e-6 of a
    // side.
    expect(largestDifference(y, oracle(setup, numbers))).toBeLessThan(3e-5);
  });

  it("keeps every byte whole where pictures are only mirrored and shifted", async () => {
    const setup = { ...setupOf({ flip: true, shiftPixels: 3 }, 1), normalization: { mean: [0], std: [1 / 255] } };
    const numbers = draw(setup);
    expect(await run(setup, numbers)).toEqual(oracle(setup, numbers));
  });

  it("turns a picture by a right angle exactly as it would be read", async () => {
    const setup = { ...setupOf({ rotationDegrees: 90 }, 1, 5, 5), normalization: { mean: [0], std: [1 / 255] } };
    const numbers = draw(setup);
    for (const geometry of blockRows(numbers, 1, "geometry")) geometry.set([0, -1, 0, 1, 0, 0]);
    const y = await run(setup, numbers);
    const first = pixelsOf(setup).subarray(0, 25);
    // Anticlockwise: the right column becomes the top row.
    const top = [4, 9, 14, 19, 24].map((at) => first[at]!);
    expect(Array.from(y.subarray(0, 5), Math.round)).toEqual(top);
  });
});

describe("numbers that change nothing", () => {
  const nothing = (channels: number) => draw(setupOf({}, channels));

  it.each<[string, Partial<Augmentation>]>([
    ["moved apart", { flip: true, shiftPixels: 1, zoom: 0.1, crop: 0.5 }],
    ["in each channel's brightness and contrast", { brightness: 1, contrast: 0.5 }],
    ["in colour", { saturation: 1, hue: 0.5 }],
    ["erased", { erasing: 1 }],
    ["mixed", { mixup: 1, cutmix: 1 }],
  ])("give the plain normalised pictures to the last bit: %s", async (_, changes) => {
    const setup = setupOf(changes, 3);
    expect(await run(setup, nothing(3))).toEqual(await plain(setup));
  });

  it("give them but for the rounding of places where pictures are turned", async () => {
    const setup = setupOf({ rotationDegrees: 10 }, 3);
    // GridSample counts places from -1 to 1: a pixel's is known to 1e-7 of the side, its value to
    // as much of the contrast.
    expect(largestDifference(await run(setup, nothing(3)), await plain(setup))).toBeLessThan(1e-5);
  });
});

describe("the graph", () => {
  it("has no node for what is off", () => {
    const opsOf = (changes: Partial<Augmentation>) => {
      const setup = setupOf(changes, 3);
      const pictures = input("pictures", "uint8", [batch, 9, 7, 3]);
      const numbers = input("numbers", "float32", [batch, numbersPerPicture(3)]);
      return nodesOf([augmentPictures(pictures, numbers, setup)]).map(({ op }) => op.name);
    };
    expect(opsOf({})).toEqual(["Transpose", "Cast", "Mul", "Add"]);
    expect(opsOf({ flip: true })).not.toContain("GridSample");
    expect(opsOf({ flip: true }).filter((name) => name === "MatMul")).toHaveLength(2);
    expect(opsOf({ shear: 0.1 })).toContain("GridSample");
    expect(opsOf({ shear: 0.1 })).not.toContain("Gather");
  });

  it("refuses to turn the hues of grey pictures", () => {
    const setup = setupOf({ hue: 0.1 }, 1);
    const pictures = input("pictures", "uint8", [batch, 9, 7, 1]);
    const numbers = input("numbers", "float32", [batch, numbersPerPicture(1)]);
    expect(() => augmentPictures(pictures, numbers, setup)).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: "Expected pictures of 3 channels, since hue changes colours; got 1 channel (train.hue)",
        hint: "leave `hue` out, or train in colour: `channels` 3",
      }),
    );
  });
});

describe("mixed targets", () => {
  it("give each class its share", () => {
    const setup = setupOf({ mixup: 1 }, 1);
    const numbers = draw(setupOf({}, 1));
    const width = numbersPerPicture(1);
    blockRows(numbers, 1, "mixing")[0]!.set([1, 0.75]);
    blockRows(numbers, 1, "mixing")[1]!.set([2, 0.25]);
    const targets = input("targets", "int32", [3]);
    const fed = input("numbers", "float32", [3, width]);
    const { soft } = evaluateReference(graph("targets", [targets, fed], { soft: mixTargets(targets, fed, setup, 4) }), {
      targets: { dtype: "int32", shape: [3], data: Float64Array.of(3, 1, 1) },
      numbers: { dtype: "float32", shape: [3, width], data: Float64Array.from(numbers.subarray(0, 3 * width)) },
    });
    expect(Array.from(soft!.data)).toEqual([0, 0.25, 0, 0.75, 0, 1, 0, 0, 0, 1, 0, 0]);
  });
});
