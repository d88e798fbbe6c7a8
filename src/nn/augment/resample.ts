/**
 * Pictures with their pixels moved by one affine map each, inside the graph. Between pixels values
 * are interpolated linearly; outside the picture its border pixels are repeated.
 *
 * Where rows and columns are not mixed with each other, a picture is resampled by two small
 * matrices: `Y = R X S` with R `[H,H]` mixing rows and S `[W,W]` mixing columns, R[i,j] = max(0, 1
 * - |source - j|). For whole-pixel moves R holds zeros and ones and every pixel comes out exact.
 * Rotation and shear need each pixel by itself.
 *
 * Measured on ONNX Runtime 1.30, 2 threads, medians in ms with normalisation, at 128x1x28x28 /
 * 64x3x64x64 / 32x3x128x128: nothing moved 0.3 / 2.2 / 4.2, two batched MatMuls 0.6 / 3.4 / 8.0,
 * GridSample 1.9 / 10 / 21. Bilinear interpolation from four Gathers of pixels takes 2.6 / 8 / 17,
 * from one Gather of packed 2x2 neighbourhoods 1.8 / 8 / 18: too little gain for twenty nodes
 * in a step of 82 / 312 / 790 ms.
 */
import { abs, add, cast, clip, mul, relu, sub } from "../../graph/ops/elementwise/elementwise.ts";
import { matMul } from "../../graph/ops/linear.ts";
import { gridSample, reshape, split, transpose } from "../../graph/ops/movement/movement.ts";
import { float32 } from "../../graph/tensor-type.ts";
import { constant, scalar, type Value } from "../../graph/value.ts";
import type { PictureSize } from "../picture-tensor.ts";

/** uint8 `[N,H,W,C]` as float32 `[N,C,H,W]` from 0 to 255, moved by any maps, `[N,6]`. */
export function resample(pictures: Value, maps: Value, { height, width }: PictureSize): Value {
  const batch = Number(pictures.type.shape[0]);
  // GridSample counts from -1 at the middle of the first pixel to 1 at the middle of the last, so
  // that 0 is our origin.
  const halves = constant(float32([1, 1, 2], [2 / Math.max(1, width - 1), 2 / Math.max(1, height - 1)]));
  const columns = mul(transpose(reshape(maps, [batch, 2, 3]), [0, 2, 1]), halves);
  const places = Array.from({ length: height * width }, (_, at) => [
    (at % width) - (width - 1) / 2,
    Math.floor(at / width) - (height - 1) / 2,
    1,
  ]);
  const grid = matMul(constant(float32([height * width, 3], places.flat())), columns);
  const planes = cast(transpose(pictures, [0, 3, 1, 2]), "float32");
  return gridSample(planes, reshape(grid, [batch, height, width, 2]));
}

/**
 * The same for maps that mix no rows with columns: their second and fourth numbers are not read.
 */
export function resampleApart(pictures: Value, maps: Value, { height, width, channels }: PictureSize): Value {
  const batch = Number(pictures.type.shape[0]);
  const numbers = split(reshape(maps, [batch, 6, 1]), [1, 1, 1, 1, 1, 1], 1);
  const [columnScale, , columnOffset, , rowScale, rowOffset] = numbers;
  const rows = tents(rowScale, rowOffset, height, "rows");
  const columns = tents(columnScale, columnOffset, width, "columns");
  const floats = reshape(cast(pictures, "float32"), [batch, height, width * channels]);
  const mixedRows = reshape(matMul(rows, floats), [batch, height, width, channels]);
  const planes = reshape(transpose(mixedRows, [0, 3, 1, 2]), [batch, channels * height, width]);
  return reshape(matMul(planes, columns), [batch, channels, height, width]);
}

/**
 * Interpolation weights of one axis: `[N,side,side]`, output rows first for `rows`, output columns
 * last for `columns`.
 */
function tents(scale: Value, offset: Value, side: number, axis: "rows" | "columns"): Value {
  const fromMiddle = Float32Array.from({ length: side }, (_, index) => index - (side - 1) / 2);
  const down = constant(float32([1, side, 1], fromMiddle));
  const across = constant(float32([1, 1, side], fromMiddle));
  const [output, source] = axis === "rows" ? [down, across] : [across, down];
  const wanted = clip(add(mul(scale, output), offset), { min: fromMiddle[0]!, max: fromMiddle.at(-1)! });
  return relu(sub(scalar(1), abs(sub(wanted, source))));
}
