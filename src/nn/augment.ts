/**
 * Random variation of training pictures, inside the graph: mirroring, shifting, zooming, brightness and contrast.
 *
 * All geometry here treats rows and columns apart, so a picture is resampled by two small matrices: `Y = R X S` with
 * R `[H,H]` mixing rows and S `[W,W]` mixing columns. Source row of output row i is `scale * i + offset`, kept inside the
 * picture (the border pixel is repeated), and R[i,j] = max(0, 1 - |source - j|) interpolates linearly; for whole-pixel
 * moves R holds zeros and ones and every pixel comes out exact.
 *
 * Measured on ONNX Runtime, 2 threads, ms for mirror + shift + normalise, at 128x1x28x28 / 64x3x64x64 / 32x3x128x128:
 * two batched MatMuls 0.5 / 11 / 9, one Gather of pixels by computed int32 indices 0.6 / 10 / 13, GridSample 3.7 / 51 / 59
 * (no augmentation 0.2 / 1.6 / 3.2). The MatMuls cost what the Gather costs and can zoom.
 */
import type { Random } from "../base/random.ts";
import { abs, add, cast, clip, mul, relu, sub } from "../graph/ops/elementwise.ts";
import { matMul } from "../graph/ops/linear.ts";
import { reshape, split, transpose } from "../graph/ops/movement.ts";
import { float32 } from "../graph/tensor-type.ts";
import type { Value } from "../graph/value.ts";
import { constant, scalar } from "../graph/value.ts";
import type { Normalization, PictureSize } from "./picture-input.ts";
import { scaleChannels } from "./picture-input.ts";

export interface Augmentation {
  /** Mirror every second picture left to right. For cats, not for digits. */
  readonly flip: boolean;
  /** Move by up to this many whole pixels along each axis. */
  readonly shiftPixels: number;
  /** Enlarge or shrink each axis by up to this share: 0.2 samples from 0.8 to 1.2. */
  readonly zoom: number;
  /** Add up to this many standard deviations of the pixel values. */
  readonly brightness: number;
  /** Stretch values around the mean by up to this share. */
  readonly contrast: number;
}

export const noAugmentation: Augmentation = { flip: false, shiftPixels: 0, zoom: 0, brightness: 0, contrast: 0 };

/** Numbers that a picture is varied by: row scale and offset, column scale and offset, gain, offset of the value. */
export const numbersPerPicture = 6;

export function augments({ flip, shiftPixels, zoom, brightness, contrast }: Augmentation): boolean {
  return flip || shiftPixels > 0 || zoom > 0 || brightness > 0 || contrast > 0;
}

/** Draws the numbers of a batch into `into`, a float32 `[batch, 6]`. */
export function drawAugmentation(
  random: Random,
  augmentation: Augmentation,
  { height, width }: PictureSize,
  into: Float32Array,
): void {
  const { flip, shiftPixels, zoom, brightness, contrast } = augmentation;
  const around = (reach: number) => reach * (2 * random.next() - 1);
  for (let at = 0; at < into.length; at += numbersPerPicture) {
    const isMirrored = flip && random.next() < 0.5;
    const rows = axisNumbers(height, 1 + around(zoom), random.integer(2 * shiftPixels + 1) - shiftPixels, false);
    const columns = axisNumbers(width, 1 + around(zoom), random.integer(2 * shiftPixels + 1) - shiftPixels, isMirrored);
    into.set([...rows, ...columns, 1 + around(contrast), around(brightness)], at);
  }
}

/** Scale and offset that zoom around the middle, then shift, then mirror. */
function axisNumbers(side: number, scale: number, shift: number, isMirrored: boolean): readonly [number, number] {
  const offset = ((1 - scale) * (side - 1)) / 2 + shift;
  return isMirrored ? [-scale, scale * (side - 1) + offset] : [scale, offset];
}

/**
 * Varied and normalised pictures: uint8 `[N,H,W,C]` and numbers float32 `[N,6]` to float32 `[N,C,H,W]`, N fixed.
 * Value: (pixel as (p / 255 - mean) / std) * gain + offset.
 */
export function augmentPictures(
  pictures: Value,
  numbers: Value,
  size: PictureSize,
  normalization: Normalization,
  augmentation: Augmentation,
): Value {
  const { height, width, channels } = size;
  const batch = Number(pictures.type.shape[0]);
  const [rowScale, rowOffset, columnScale, columnOffset, gain, offset] = split(numbers, [1, 1, 1, 1, 1, 1], 1).map(
    (column) => reshape(column, [batch, 1, 1]),
  ) as [Value, Value, Value, Value, Value, Value]; // six sizes give six parts

  const rows = tents(rowScale, rowOffset, height, "rows");
  const columns = tents(columnScale, columnOffset, width, "columns");
  const floats = reshape(cast(pictures, "float32"), [batch, height, width * channels]);
  const mixedRows = reshape(matMul(rows, floats), [batch, height, width, channels]);
  const planes = reshape(transpose(mixedRows, [0, 3, 1, 2]), [batch, channels * height, width]);
  const mixed = reshape(matMul(planes, columns), [batch, channels, height, width]);

  const normalized = scaleChannels(mixed, normalization);
  if (augmentation.brightness === 0 && augmentation.contrast === 0) return normalized;
  const perPicture = (value: Value) => reshape(value, [batch, 1, 1, 1]);
  return add(mul(normalized, perPicture(gain)), perPicture(offset));
}

/** Interpolation weights of one axis: `[N,side,side]`, output rows first for `rows`, output columns last for `columns`. */
function tents(scale: Value, offset: Value, side: number, axis: "rows" | "columns"): Value {
  const indices = Float32Array.from({ length: side }, (_, index) => index);
  const down = constant(float32([1, side, 1], indices));
  const across = constant(float32([1, 1, side], indices));
  const [output, source] = axis === "rows" ? [down, across] : [across, down];
  const wanted = clip(add(mul(scale, output), offset), { min: 0, max: side - 1 });
  return relu(sub(scalar(1), abs(sub(wanted, source))));
}
