import { describe, expect, it } from "vitest";
import {
  buildSample,
  centralDifferences,
  excess,
  nameOf,
  sampleGradients,
  weightedLoss,
} from "../../../tests/support/op-samples.ts";
import { gradients } from "../autodiff.ts";
import { expandComposites } from "../lower.ts";
import { decodeModel } from "../onnx/decode.ts";
import { encodeModel } from "../onnx/encode.ts";
import { opTable } from "../op.ts";
import { evaluateReference } from "../reference-evaluation.ts";
import { formatType } from "../tensor-type.ts";
import { graph } from "../value.ts";
import "./table.ts";

const outputsByName = <V>(outputs: readonly V[]) => Object.fromEntries(outputs.map((value, at) => [`out${at}`, value]));

describe.each(opTable().map((op) => [op.name, op] as const))("%s", (_, op) => {
  const samples = op.samples.map((sample, at) => buildSample(op, sample, `s${at}`));

  it("says in one line what it computes, and is tried on samples", () => {
    expect(op.doc).toMatch(/^\S.*[^.\s]$/);
    expect(samples.length).toBeGreaterThan(0);
    for (const name of op.samples.flatMap((sample) => Object.keys(sample.attributes ?? {}))) {
      expect(Object.keys(op.attributeTypes)).toContain(name);
    }
  });

  it("infers the types that its reference computes", () => {
    for (const { title, fed, outputs, feeds } of samples) {
      const computed = Object.values(evaluateReference(graph(op.name, fed, outputsByName(outputs)), feeds));
      expect(computed.map(formatType), title).toEqual(outputs.map(({ type }) => formatType(type)));
      for (const { data, shape } of computed) {
        expect(data.length, title).toBe(shape.reduce((product, dim) => product * dim, 1));
      }
    }
  });

  it("has the gradient that finite differences find", () => {
    for (const sample of samples) {
      const loss = weightedLoss(sample);
      const floats = sample.fed.filter((value) => value.type.dtype === "float32");
      if (!loss || floats.length === 0 || !sample.isFinite) continue;
      if (typeof op.gradient !== "function") {
        expect(() => gradients(loss, floats)).toThrow(op.gradient.none);
        continue;
      }
      const lossGraph = graph(op.name, sample.fed, { loss });
      const rules = sampleGradients(op, sample);
      const computed = evaluateReference(graph(op.name, sample.fed, rules), sample.feeds);
      for (const value of floats) {
        const name = nameOf(value);
        const numeric = centralDifferences(
          (feeds) => evaluateReference(lossGraph, feeds).loss!.data[0]!,
          sample.feeds,
          name,
          1e-5,
        );
        // Where the loss does not depend on an input by rule, it must not do so in fact.
        const found = computed[`${name}_gradient`]?.data ?? new Float64Array(numeric.length);
        // 1e-7: float64 rounding over the step, and constants of gradient rules that are float32.
        expect(
          excess(found, numeric, { relative: 1e-6, absolute: 1e-7 }),
          `${sample.title}, ${name}`,
        ).toBeLessThanOrEqual(0);
      }
    }
  });

  it("keeps its meaning through ONNX bytes, composite ops through their expansion", () => {
    for (const { title, fed, outputs, feeds } of samples) {
      const source = graph(op.name, fed, outputsByName(outputs));
      const { graph: decoded } = decodeModel(encodeModel(expandComposites(source)));
      const [expected, found] = [evaluateReference(source, feeds), evaluateReference(decoded, feeds)];
      for (const name of Object.keys(expected)) {
        expect(found[name]!.shape, title).toEqual(expected[name]!.shape);
        // 1e-6: attributes and constants are float32 in the file.
        const over = excess(found[name]!.data, expected[name]!.data, { relative: 1e-6, absolute: 1e-6 });
        expect(over, title).toBeLessThanOrEqual(0);
      }
    }
  });
});
