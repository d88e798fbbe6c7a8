import { describe, expect, it } from "vitest";
import { type BuiltSample, buildSample, excess, sampleGradients } from "../../tests/support/op-samples.ts";
import { type Op, opTable } from "../graph/op.ts";
import { evaluateReference } from "../graph/reference-evaluation.ts";
import { fromReference } from "../graph/reference-tensor.ts";
import { graph, type Value } from "../graph/value.ts";
import { createOnnxRuntimeExecutor } from "./onnx-runtime.ts";
import "../graph/ops/table.ts";

/** All samples of an op in one graph, so that the table needs one session for each op. */
function graphOf(op: Op, samples: readonly BuiltSample[]) {
  const outputs: Record<string, Value> = {};
  for (const [at, sample] of samples.entries()) {
    for (const [index, output] of sample.outputs.entries()) outputs[`s${at}_out${index}`] = output;
    for (const [name, value] of Object.entries(sampleGradients(op, sample))) outputs[name] = value;
  }
  const feeds = Object.assign({}, ...samples.map((sample) => sample.feeds)) as BuiltSample["feeds"];
  return {
    source: graph(
      op.name,
      samples.flatMap((sample) => sample.fed),
      outputs,
    ),
    feeds,
  };
}

describe("ONNX Runtime agrees with the reference, results and gradients, for every sample of", () => {
  const executor = createOnnxRuntimeExecutor({ threads: 1 });

  it.each(opTable().map((op) => [op.name, op] as const))("%s", async (_, op) => {
    const samples = op.samples.map((sample, at) => buildSample(op, sample, `s${at}`));
    const { source, feeds } = graphOf(op, samples);
    const expected = evaluateReference(source, feeds);
    const program = await executor.load(source);
    const tensors = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, fromReference(tensor)]));
    const found = await program.run(tensors);
    await program.close();
    for (const [name, { dtype, shape, data }] of Object.entries(expected)) {
      const what = `${name}: ${samples[Number(/\d+/.exec(name)?.[0])]?.title}`;
      expect([found[name]!.dtype, found[name]!.shape], what).toEqual([dtype, shape]);
      // The floor: float32 sums of terms that cancel keep the rounding of their largest term.
      const floor =
        1e-6 + 1e-6 * data.filter(Number.isFinite).reduce((top, value) => Math.max(top, Math.abs(value)), 0);
      // The reference in float32's range: what overflows there is infinite.
      const over = excess(Array.from(found[name]!.data, Number), dtype === "float32" ? data.map(Math.fround) : data, {
        relative: 1e-4,
        absolute: floor,
      });
      expect(over, what).toBeLessThanOrEqual(0);
    }
  });
});
