import { expect, it } from "vitest";
import { add, mul, relu } from "./ops/elementwise/elementwise.ts";
import { peakBytes } from "./peak-memory.ts";
import { graph, input } from "./value.ts";

const x = input("x", "float32", [10]);
const size = 40;

it("counts what is alive at one time: a chain needs two values, however long", () => {
  let y = relu(x);
  for (let at = 0; at < 20; at++) y = relu(y);
  expect(peakBytes(graph("chain", [x], { y }))).toBe(2 * size);
});

it("keeps what is used later, and outputs to the end", () => {
  const a = relu(x);
  const b = relu(a);
  const c = relu(b);
  expect(peakBytes(graph("used later", [x], { y: add(a, c) }))).toBe(3 * size);
  expect(peakBytes(graph("outputs", [x], { a, b, c, d: mul(a, b) }))).toBe(4 * size);
});

it("refuses shapes that are not fixed", () => {
  const free = input("free", "float32", ["N", 3]);
  expect(() => peakBytes(graph("free", [free], { y: relu(free) }))).toThrow(
    expect.objectContaining({ code: "INTERNAL" }),
  );
});
