/** The mean and standard deviation of features, by which a head standardises them. */
import { indicesOf } from "../../dataset/pack/pack.ts";
import { sizeOf } from "../../graph/tensor-type.ts";
import { featureWidth } from "../../nn/backbones/backbone.ts";
import type { Normalization } from "../../nn/picture-tensor.ts";
import type { Activations } from "./activations.ts";

/** The least deviation, as a share of the median one: a number that hardly changes would be blown up to noise. */
const leastShare = 0.05;

/** Of each number over the training rows; of maps and tokens after their positions are averaged. */
export async function standardizationOf({ pack, shape }: Activations): Promise<Normalization> {
  const width = featureWidth([1, ...shape]);
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  const indices = indicesOf(pack, "train");
  const row = new Float32Array(sizeOf(shape));
  for (const index of indices) {
    await pack.pixels.read(Uint32Array.of(index), new Uint8Array(row.buffer));
    const pooled = pooledRow(row, shape);
    for (let at = 0; at < width; at++) {
      sums[at]! += pooled[at]!;
      squares[at]! += pooled[at]! ** 2;
    }
  }
  const count = Math.max(1, indices.length);
  const mean = Array.from(sums, (sum) => sum / count);
  const std = Array.from(squares, (square, at) => Math.sqrt(Math.max(0, square / count - mean[at]! ** 2)));
  const median = std.toSorted((a, b) => a - b)[Math.floor(width / 2)] ?? 0;
  const least = leastShare * Math.max(1e-6, median);
  return { mean, std: std.map((deviation) => Math.max(deviation, least)) };
}

/** As `pooledFeatures`, for one row. */
function pooledRow(row: Float32Array, shape: readonly number[]): ArrayLike<number> {
  if (shape.length === 1) return row;
  const isMaps = shape.length === 3;
  const width = featureWidth([1, ...shape]);
  const places = row.length / width;
  return Float64Array.from({ length: width }, (_, at) => {
    let sum = 0;
    for (let place = 0; place < places; place++) sum += row[isMaps ? at * places + place : place * width + at]!;
    return sum / places;
  });
}
