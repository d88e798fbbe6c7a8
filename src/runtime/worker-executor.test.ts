import { describe, expect, it } from "vitest";
import { describeExecutor } from "../../tests/contracts/executor.ts";
import { add } from "../graph/ops/elementwise/elementwise.ts";
import { matMul } from "../graph/ops/linear.ts";
import { float32 } from "../graph/tensor-type.ts";
import { graph, input } from "../graph/value.ts";
import { createWorkerExecutor } from "./worker-executor.ts";

const executor = createWorkerExecutor({ threads: 1 });

describeExecutor("ONNX Runtime in a thread", () => executor);

describe("the worker executor", () => {
  const x = input("x", "float32", ["N", 2]);
  const doubled = graph("doubled", [x], { y: add(x, x) });

  it("takes runs that overlap, and answers each with its own outputs", async () => {
    const program = await executor.load(doubled);
    const runs = Array.from({ length: 20 }, (_, at) => program.run({ x: float32([1, 2], [at, -at]) }));
    const answers = await Promise.all(runs);
    answers.forEach(({ y }, at) => {
      expect(y).toEqual(float32([1, 2], [2 * at, -2 * at]));
    });
    await program.close();
  });

  it("sends a view's own numbers and leaves the caller's memory as it is", async () => {
    const program = await executor.load(doubled);
    const memory = new Float32Array([9, 1, 2, 9]);
    const { y } = await program.run({ x: { dtype: "float32", shape: [1, 2], data: memory.subarray(1, 3) } });
    expect(y).toEqual(float32([1, 2], [2, 4]));
    expect([...memory]).toEqual([9, 1, 2, 9]);
    await program.close();
  });

  it("lets the event loop turn while it computes", async () => {
    const a = input("a", "float32", [1024, 1024]);
    const heavy = graph("heavy", [a], { y: matMul(matMul(matMul(a, a), a), a) });
    const program = await executor.load(heavy);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const feed = { a: float32([1024, 1024], new Float32Array(1024 * 1024)) };
    for (let round = 0; round < 5 && turns < 3; round++) await program.run(feed);
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(3);
    await program.close();
  });
});
