/** The embeddings of a reference profile: one byte a number, between the least and the largest of its column. */
import { type Static, Type } from "typebox";
import type { DeepReadonly } from "../base/freeze.ts";
import { maximumEmbedding } from "./embedding.ts";

/** Pictures whose embeddings are kept: the first of the sample. */
export const maximumEmbeddedPictures = 500;

const Bound = Type.Number({ minimum: -1e9, maximum: 1e9 });
const bounds = Type.Array(Bound, { minItems: 1, maxItems: maximumEmbedding });

export const referenceEmbeddingSchema = Type.Object(
  {
    /** `embeddingVersion` when it was made. */
    version: Type.Integer({ minimum: 1 }),
    /** The least value of each number. */
    lows: bounds,
    /** The largest one. */
    highs: bounds,
    /** uint8 `[rows,size]` as base64: 0 is the least value, 255 the largest; some 21 kB at most. */
    values: Type.String({
      pattern: "^[A-Za-z0-9+/]+={0,2}$",
      maxLength: 4 * Math.ceil((maximumEmbeddedPictures * maximumEmbedding) / 3),
    }),
  },
  { additionalProperties: false },
);

export type ReferenceEmbedding = DeepReadonly<Static<typeof referenceEmbeddingSchema>>;

/** Of float32 `[rows,size]`, one row or more. Values are off by at most a 510th of their column's range. */
export function packEmbeddings(rows: Float32Array, size: number, version: number): ReferenceEmbedding {
  const lows = Array.from(rows.subarray(0, size));
  const highs = [...lows];
  rows.forEach((value, at) => {
    lows[at % size] = Math.min(lows[at % size]!, value);
    highs[at % size] = Math.max(highs[at % size]!, value);
  });
  const values = Buffer.from(
    Uint8Array.from(rows, (value, at) => {
      const [low, high] = [lows[at % size]!, highs[at % size]!];
      return high > low ? Math.round((255 * (value - low)) / (high - low)) : 0;
    }),
  );
  return { version, lows, highs, values: values.toString("base64") };
}

/** float32 `[rows,size]`, row-major. */
export function unpackEmbeddings({ lows, highs, values }: ReferenceEmbedding): Float32Array {
  const size = lows.length;
  return Float32Array.from(Buffer.from(values, "base64"), (byte, at) => {
    const [low, high] = [lows[at % size]!, highs[at % size]!];
    return low + (byte / 255) * (high - low);
  });
}
