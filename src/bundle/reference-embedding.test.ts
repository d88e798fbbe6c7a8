import fc from "fast-check";
import { expect, it } from "vitest";
import { schemaFault } from "../base/schema/schema-fault.ts";
import {
  maximumEmbeddedPictures,
  packEmbeddings,
  referenceEmbeddingSchema,
  unpackEmbeddings,
} from "./reference-embedding.ts";

const rows = fc.tuple(fc.integer({ min: 1, max: 32 }), fc.integer({ min: 1, max: 20 })).chain(([size, count]) =>
  fc.record({
    size: fc.constant(size),
    values: fc.array(fc.float({ min: -1e6, max: 1e6, noNaN: true }), {
      minLength: size * count,
      maxLength: size * count,
    }),
  }),
);

it("keeps embeddings to within a 510th of their column's range", () => {
  fc.assert(
    fc.property(rows, ({ size, values }) => {
      const packed = packEmbeddings(Float32Array.from(values), size, 1);
      expect(schemaFault(referenceEmbeddingSchema, packed)).toBeUndefined();
      const unpacked = unpackEmbeddings(packed);
      expect(unpacked).toHaveLength(values.length);
      unpacked.forEach((value, at) => {
        const range = packed.highs[at % size]! - packed.lows[at % size]!;
        // The last term is what float32 rounds off.
        const bound = range / 510 + 1e-6 * (range + Math.abs(values[at]!)) + 1e-30;
        expect(Math.abs(value - values[at]!)).toBeLessThanOrEqual(bound);
      });
    }),
  );
});

it("takes some 21 kB of the most and the widest embeddings", () => {
  const widest = Float32Array.from({ length: maximumEmbeddedPictures * 32 }, (_, at) => Math.sin(at));
  const packed = packEmbeddings(widest, 32, 1);
  expect(schemaFault(referenceEmbeddingSchema, packed)).toBeUndefined();
  expect(JSON.stringify(packed).length).toBeLessThan(23_000);
});
