import { expect, it } from "vitest";
import { prediction } from "../../tests/contracts/prediction-log.ts";
import { packRows, unpackRows } from "./packed-rows.ts";

it("gives predictions back as they were, whatever they have", () => {
  const rows = [
    prediction(1),
    prediction(2, { statistics: Float32Array.of(Number.NaN, -1), keyId: "key ' \u2028" }),
    prediction(3, { embedding: Float32Array.of(7), probabilities: Float32Array.of() }),
    prediction(4, {
      statistics: Float32Array.of(),
      embedding: Float32Array.of(1, 2, 3),
      confidence: Math.fround(1 / 3),
    }),
  ];
  expect(unpackRows(structuredClone(packRows(rows)))).toEqual(rows);
  expect(unpackRows(packRows([]))).toEqual([]);
});
