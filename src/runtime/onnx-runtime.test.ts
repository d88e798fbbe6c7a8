import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { describeExecutor } from "../../tests/contracts/executor.ts";
import { isAppError } from "../base/errors.ts";
import { gradients } from "../graph/autodiff.ts";
import { expandComposites } from "../graph/lower.ts";
import type { Attributes } from "../graph/op.ts";
import { clip, relu } from "../graph/ops/elementwise/elementwise.ts";
import { matMul } from "../graph/ops/linear.ts";
import { reduceSum } from "../graph/ops/reduction.ts";
import { float32 } from "../graph/tensor-type.ts";
import { apply1, type Graph, graph, input, nodesOf } from "../graph/value.ts";
import { createOnnxRuntimeExecutor } from "./onnx-runtime.ts";

describeExecutor("ONNX Runtime", () => createOnnxRuntimeExecutor({ threads: 1 }));
describeExecutor("ONNX Runtime without its own rewrites", () =>
  createOnnxRuntimeExecutor({ threads: 1, optimizationLevel: "disabled", lowering: "portable" }),
);

function product(): Graph {
  const a = input("a", "float32", [16, 16]);
  return graph("product", [a], { y: relu(matMul(matMul(a, a), a)) });
}

describe("the ONNX Runtime adapter", () => {
  it("hands graphs to the lowering it is given, and sets it aside when it is to be portable", async () => {
    const seen: string[] = [];
    const lower = (source: Graph) => {
      seen.push(source.name);
      return expandComposites(source);
    };
    await (await createOnnxRuntimeExecutor({ threads: 1, lower }).load(product())).close();
    await (await createOnnxRuntimeExecutor({ threads: 1, lower, lowering: "portable" }).load(product())).close();
    expect(seen).toEqual(["product"]);
  });

  it("sums kernel times by op when a profile is asked for, and leaves no file behind", async () => {
    const before = await profileFolders();
    const program = await createOnnxRuntimeExecutor({ threads: 1 }).load(product(), { profile: true });
    const a = float32([16, 16], new Array(256).fill(0.1));
    await program.run({ a });
    await program.run({ a });
    const rows = await program.endProfile();
    expect(rows.find(({ op }) => op === "MatMul")?.calls).toBe(4);
    expect(rows.find(({ op }) => op === "Relu")?.calls).toBe(2);
    expect(rows.every(({ totalMs }) => totalMs >= 0)).toBe(true);
    expect(await program.endProfile()).toEqual([]);
    await program.close();
    expect(await profileFolders()).toEqual(before);
  });

  it("gives no profile where none was asked for", async () => {
    const program = await createOnnxRuntimeExecutor({ threads: 1 }).load(product());
    expect(await program.endProfile()).toEqual([]);
    await program.close();
  });

  it("gives clipped values no gradient exactly at the bounds, and full gradient one float32 step inside", async () => {
    const bounds = [0.1, 1 / 3, 1, 6, 6.1, 1000.3, 123456.78].map(Math.fround);
    for (const bound of bounds) {
      const x = input("x", "float32", [6]);
      const [dx] = gradients(reduceSum(clip(x, { min: -bound, max: bound })), [x]);
      const program = await createOnnxRuntimeExecutor({ threads: 1 }).load(graph("clip", [x], { dx: dx! }));
      const inside = Math.fround(bound * (1 - 2 ** -23));
      const found = await program.run({ x: float32([6], [-bound, -inside, 0, inside, bound, 2 * bound]) });
      await program.close();
      expect([...found.dx!.data], String(bound)).toEqual([0, 1, 1, 1, 0, 0]);
    }
  });

  it("carries the engine's message when a graph is refused", async () => {
    // An op that the engine does not know, as a wrong lowering would leave it.
    const unknown = (source: Graph): Graph => {
      const { op, inputs } = nodesOf(Object.values(source.outputs)).at(-1)!;
      const attributes: Attributes = {};
      return graph(source.name, source.inputs, { y: apply1({ ...op, name: "NoSuchOp" }, inputs, attributes) });
    };
    const executor = createOnnxRuntimeExecutor({ threads: 1, lower: unknown });
    const error = await executor.load(product()).catch((reason: unknown) => reason);
    expect(isAppError(error, "EXECUTION_FAILED")).toBe(true);
    expect(String(error)).toMatch(/a graph that ONNX Runtime \(cpu\) loads; got .*NoSuchOp.* \(graph 'product'\)/s);
  });
});

async function profileFolders(): Promise<readonly string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith("pawprint-profile-"));
}
