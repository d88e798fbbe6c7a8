import { describe, expect, it } from "vitest";
import { AppError } from "../base/errors.ts";
import { add, conv, mul, neg, relu } from "./ops/table.ts";
import { evaluateReference } from "./reference-evaluation.ts";
import { toReference } from "./reference-tensor.ts";
import { float32 } from "./tensor-type.ts";
import { apply, graph, input, nodesOf, rewrite, scalar } from "./value.ts";

const x = input("x", "float32", [2]);
const feeds = { x: toReference(float32([2], [1, -2])) };

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message}`;
  }
  return "no AppError";
}

describe("a graph", () => {
  it("lists each node once, after the nodes that it needs", () => {
    const shared = relu(x);
    const nodes = nodesOf([add(shared, neg(shared)), shared]);
    expect(nodes.map(({ op }) => op.name)).toEqual(["Relu", "Neg", "Add"]);
  });

  it("may be deeper than the call stack", () => {
    let y = x;
    for (let depth = 0; depth < 20_000; depth++) y = neg(y);
    expect(nodesOf([y])).toHaveLength(20_000);
  });

  it("refuses inputs that are missing, named twice or no inputs, and outputs that take an input's name", () => {
    expect(messageOf(() => graph("g", [], { y: relu(x) }))).toBe(
      "GRAPH_ATTRIBUTE: Expected graph inputs that contain every input in use; got 'x' (float32 [2]) used by Relu only (graph 'g')",
    );
    expect(messageOf(() => graph("g", [x, input("x", "float32", [3])], { y: x }))).toContain("got 'x' twice");
    expect(messageOf(() => graph("g", [scalar(1)], { y: x }))).toContain("got a constant");
    expect(messageOf(() => graph("g", [x], { x: relu(x) }))).toContain("got output 'x'");
    expect(graph("g", [x], { x }).outputs.x).toBe(x);
  });
});

describe("rewriting", () => {
  it("changes the nodes that the rule answers for and all that stand on them, and nothing else", () => {
    const kept = neg(x);
    const source = graph("g", [x], { y: mul(relu(x), kept), kept });
    const changed = rewrite(source, (node, inputs) =>
      node.op.name === "Relu" ? [add(inputs[0]!, scalar(3))] : undefined,
    );
    expect(changed.outputs.kept).toBe(kept);
    expect([...evaluateReference(changed, feeds).y!.data]).toEqual([-4, 2]);
    expect([...evaluateReference(source, feeds).y!.data]).toEqual([-1, 0]);
  });

  it("gives the same values back where no rule applies", () => {
    const source = graph("g", [x], { y: relu(x) });
    expect(rewrite(source, () => undefined).outputs.y).toBe(source.outputs.y);
  });
});

describe("applying an op", () => {
  it("refuses attributes that it does not take", () => {
    const { op } = nodesOf([relu(x)])[0]!;
    expect(messageOf(() => apply(op, [x], { alpha: 1 }))).toBe(
      "GRAPH_ATTRIBUTE: Expected attributes of Relu (none); got alpha",
    );
    const pictures = input("p", "float32", [1, 1, 4, 4]);
    const node = nodesOf([conv(pictures, input("w", "float32", [1, 1, 3, 3]))])[0]!;
    expect(messageOf(() => apply(node.op, node.inputs, { ...node.attributes, auto_pad: "SAME_UPPER" }))).toBe(
      "GRAPH_ATTRIBUTE: Expected auto_pad = NOTSET for Conv; got SAME_UPPER",
    );
  });
});
