/**
 * How raw pictures enter every network: `uint8 [N,H,W,C]` in, normalised `float32 [N,C,H,W]` out,
 * inside the graph.
 */
import { AppError } from "../base/errors.ts";
import { add, cast, mul } from "../graph/ops/elementwise/elementwise.ts";
import { transpose } from "../graph/ops/movement/movement.ts";
import { float32 } from "../graph/tensor-type.ts";
import { constant, type Value } from "../graph/value.ts";

/** Height, width and channels of the pictures that a network takes. */
export interface PictureSize {
  readonly height: number;
  readonly width: number;
  /** 1 for grey, 3 for RGB. */
  readonly channels: number;
}

/**
 * Mean and standard deviation of each channel over the training pictures, of pixel values from 0 to
 * 1.
 */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** (pixel / 255 - mean) / std, from uint8 `[N,H,W,C]` to float32 `[N,C,H,W]`. */
export function normalizePictures(pictures: Value, normalization: Normalization): Value {
  // Moving the bytes before they become floats moves a quarter of the memory: 1.6 ms instead of 3.4
  // ms at 64x64x64x3.
  return scaleChannels(cast(transpose(pictures, [0, 3, 1, 2]), "float32"), normalization);
}

/** The same for pixel values that are already float32 `[N,C,H,W]`, 0 to 255. */
export function scaleChannels(pixels: Value, { mean, std }: Normalization): Value {
  const channels = pixels.type.shape[1];
  if (mean.length !== channels || std.length !== channels || !std.every((deviation) => deviation > 0)) {
    throw new AppError("INTERNAL", {
      required: `a mean and a positive standard deviation for each of ${channels} channels`,
      received: `mean ${mean.join(", ")}; std ${std.join(", ")}`,
    });
  }
  const perChannel = (values: readonly number[]) => constant(float32([1, channels, 1, 1], values));
  const scale = perChannel(std.map((deviation) => 1 / (255 * deviation)));
  const shift = perChannel(std.map((deviation, channel) => -mean[channel]! / deviation));
  return add(mul(pixels, scale), shift);
}

/**
 * Mean and standard deviation of each channel over pictures, uint8 `[H,W,C]` or `[N,H,W,C]`; exact:
 * bytes are counted, then weighed. A channel that never changes gets a standard deviation of 1/255,
 * so that it can be divided by.
 */
export async function measureNormalization(
  pictures: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  channels: number,
): Promise<Normalization> {
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  for await (const pixels of pictures) {
    for (let start = 0; start < pixels.length; start += channels) {
      for (let channel = 0; channel < channels; channel++) counts[channel]![pixels[start + channel]!]!++;
    }
  }
  const moments = counts.map((histogram) => {
    const total = Math.max(
      1,
      histogram.reduce((sum, count) => sum + count, 0),
    );
    const mean = histogram.reduce((sum, count, level) => sum + count * level, 0) / total;
    const variance = histogram.reduce((sum, count, level) => sum + count * (level - mean) ** 2, 0) / total;
    return { mean: mean / 255, std: Math.max(Math.sqrt(variance), 1) / 255 };
  });
  return { mean: moments.map(({ mean }) => mean), std: moments.map(({ std }) => std) };
}
