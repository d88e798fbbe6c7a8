/** What every executor must do; each adapter's test runs this suite. */

import { describe, expect, it } from "vitest";
import { gradients } from "../../src/graph/autodiff.ts";
import { add, cast, equal, mul, relu } from "../../src/graph/ops/elementwise/elementwise.ts";
import { batchNormTraining, conv, flatten, gemm, maxPool, reduceMean, reshape } from "../../src/graph/ops/table.ts";
import { float32, type TensorData } from "../../src/graph/tensor-type.ts";
import { constant, graph, input, scalar } from "../../src/graph/value.ts";
import type { Executor, Tensors } from "../../src/runtime/executor.ts";
import { failureOf } from "../support/failure-of.ts";

/** y = 2 x + b for x [N,2], b [2]. */
function affine() {
  const x = input("x", "float32", ["N", 2]);
  const b = input("b", "float32", [2]);
  return graph("affine", [x, b], { y: add(mul(x, scalar(2)), b) });
}

const rows = (...values: number[]) => float32([values.length / 2, 2], values);
const b = float32([2], [10, 20]);

export function describeExecutor(name: string, create: () => Executor): void {
  describe(`${name} as an executor`, () => {
    it("computes outputs by name, for any size of a symbolic dim", async () => {
      const program = await create().load(affine());
      expect((await program.run({ x: rows(1, 2), b })).y).toEqual(rows(12, 24));
      expect((await program.run({ x: rows(1, 2, 3, 4, 5, 6), b })).y).toEqual(rows(12, 24, 16, 28, 20, 32));
      await program.close();
    });

    it("writes outputs into the tensors it is given and answers those very tensors", async () => {
      const program = await create().load(affine());
      const into = { y: rows(0, 0) };
      const { data } = into.y;
      const answer = await program.run({ x: rows(1, 2), b }, into);
      expect(answer.y).toBe(into.y);
      expect(answer.y?.data).toBe(data);
      expect([...data]).toEqual([12, 24]);
      await program.close();
    });

    it("writes at the place in its buffer where a tensor begins, and nowhere else", async () => {
      const program = await create().load(affine());
      const buffer = new Float32Array(6).fill(-1);
      await program.run({ x: rows(1, 2), b }, { y: { dtype: "float32", shape: [1, 2], data: buffer.subarray(2, 4) } });
      expect([...buffer]).toEqual([-1, -1, 12, 24, -1, -1]);
      await program.close();
    });

    it("carries state from run to run in two buffers that change places", async () => {
      const state = input("state", "float32", [2]);
      const step = graph("step", [state], { next: add(state, scalar(1)), twice: mul(state, scalar(2)) });
      const program = await create().load(step);
      let [now, next] = [float32([2], [0, 10]), float32([2], [0, 0])];
      for (let run = 0; run < 5; run++) {
        const { twice } = await program.run({ state: now }, { next });
        expect([...twice!.data]).toEqual([2 * run, 2 * (run + 10)]);
        [now, next] = [next, now];
      }
      expect([...now.data]).toEqual([5, 15]);
      await program.close();
    });

    it("passes every element type in and out", async () => {
      const tensors: Tensors = {
        uint8: { dtype: "uint8", shape: [3], data: Uint8Array.of(0, 7, 255) },
        int32: { dtype: "int32", shape: [3], data: Int32Array.of(-5, 0, 2 ** 31 - 1) },
        int64: { dtype: "int64", shape: [3], data: BigInt64Array.of(-5n, 0n, 2n ** 40n) },
        bool: { dtype: "bool", shape: [3], data: Uint8Array.of(0, 1, 1) },
      };
      const inputs = Object.entries(tensors).map(([key, { dtype, shape }]) => input(key, dtype, shape));
      const outputs = Object.fromEntries(inputs.map((value) => [`${value.type.dtype}_out`, reshape(value, [3, 1])]));
      const same = equal(inputs[1]!, inputs[1]!);
      const program = await create().load(graph("types", inputs, { ...outputs, same, seven: cast(same, "int64") }));
      const found = await program.run(tensors);
      for (const [key, { dtype, data }] of Object.entries(tensors)) {
        expect(found[`${key}_out`]).toEqual({ dtype, shape: [3, 1], data });
      }
      expect(found.same).toEqual({ dtype: "bool", shape: [3], data: Uint8Array.of(1, 1, 1) });
      await program.close();
    });

    it("answers outputs that are inputs, constants or one value under two names", async () => {
      const x = input("x", "float32", [2]);
      const y = relu(x);
      const outputs = { same: x, fixed: constant(float32([1], [3])), first: y, second: y };
      const program = await create().load(graph("aliases", [x], outputs));
      const found = await program.run({ x: float32([2], [-1, 2]) });
      expect(Object.values(found).map(({ data }) => [...data])).toEqual([[-1, 2], [3], [0, 2], [0, 2]]);
      const into = { same: float32([2], [9, 9]), fixed: float32([1], [9]), second: float32([2], [9, 9]) };
      const written = await program.run({ x: float32([2], [4, -5]) }, into);
      expect(Object.values(written).map(({ data }) => [...data])).toEqual([[4, -5], [3], [4, 0], [4, 0]]);
      expect([written.same, written.fixed, written.second]).toEqual([into.same, into.fixed, into.second]);
      await program.close();
    });

    it("runs composite ops", async () => {
      const x = input("x", "float32", [2, 1, 4, 4]);
      const w = input("w", "float32", [2, 1, 3, 3]);
      const dense = constant(
        float32(
          [8, 1],
          Array.from({ length: 8 }, (_, at) => at / 8),
        ),
      );
      const { y } = batchNormTraining(
        conv(x, w, undefined, { pads: [1, 1, 1, 1] }),
        constant(float32([2], [1, 2])),
        constant(float32([2], [0.1, 0.2])),
      );
      const loss = reduceMean(gemm(flatten(maxPool(relu(y), { kernel: [2, 2] })), dense));
      const [dw] = gradients(loss, [w]);
      const program = await create().load(graph("net", [x, w], { loss, dw: dw! }));
      const wave = (count: number) => Array.from({ length: count }, (_, at) => Math.sin(at * at));
      const found = await program.run({ x: float32([2, 1, 4, 4], wave(32)), w: float32([2, 1, 3, 3], wave(18)) });
      expect(found.dw?.shape).toEqual([2, 1, 3, 3]);
      expect([...found.dw!.data].every((value) => Number.isFinite(Number(value)))).toBe(true);
      // Scaling a filter before batch normalization changes nothing, so each filter's gradient is
      // orthogonal to it.
      const dot = wave(9).reduce((sum, value, at) => sum + value * Number(found.dw!.data[at]), 0);
      expect(Math.abs(dot)).toBeLessThan(1e-4);
      await program.close();
    });

    it("keeps programs apart", async () => {
      const executor = create();
      const first = await executor.load(affine());
      const second = await executor.load(affine());
      await first.close();
      expect((await second.run({ x: rows(1, 2), b })).y).toEqual(rows(12, 24));
      await second.close();
    });

    it("refuses wrong feeds and buffers, and says what the graph expects", async () => {
      const program = await create().load(affine());
      const int: TensorData = { dtype: "int32", shape: [1, 2], data: Int32Array.of(1, 2) };
      const cases: readonly [feeds: Tensors, into: Tensors, message: string][] = [
        [{ b }, {}, "Expected input 'x' = float32 [N,2]; got nothing (graph 'affine')"],
        [{ x: int, b }, {}, "Expected input 'x' = float32 [N,2]; got int32 [1,2] (graph 'affine')"],
        [{ x: b, b }, {}, "Expected input 'x' = float32 [N,2]; got float32 [2] (graph 'affine')"],
        [{ x: rows(1, 2), b, c: b }, {}, "Expected inputs named x, b; got 'c' (graph 'affine')"],
        [{ x: rows(1, 2), b }, { z: b }, "Expected outputs named y; got 'z' (graph 'affine')"],
        [
          { x: rows(1, 2), b },
          { y: rows(1, 2, 3, 4) },
          "Expected output 'y' = float32 [N,2], N = 1; got float32 [2,2] (graph 'affine')",
        ],
        [
          { x: { dtype: "float32", shape: [2, 2], data: new Float32Array(3) }, b },
          {},
          "Expected input 'x' held by 4 elements of a Float32Array; got 3 of a Float32Array (graph 'affine')",
        ],
      ];
      for (const [feeds, into, message] of cases) {
        const error = await failureOf(program.run(feeds, into));
        expect([error.code, error.message]).toEqual(["EXECUTION_INPUT", message]);
      }
      await program.close();
    });

    it("refuses to write into memory that it reads", async () => {
      const program = await create().load(affine());
      const x = rows(1, 2);
      const error = await failureOf(program.run({ x, b }, { y: { ...x } }));
      expect([error.code, error.message]).toEqual([
        "EXECUTION_INPUT",
        "Expected memory of its own for output 'y'; got the memory of input 'x' (graph 'affine')",
      ]);
      await program.close();
    });

    it("fails after it was closed, and may be closed twice", async () => {
      const program = await create().load(affine());
      await program.close();
      await program.close();
      expect((await failureOf(program.run({ x: rows(1, 2), b }))).code).toBe("EXECUTION_FAILED");
    });
  });
}
