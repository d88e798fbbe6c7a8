import { describe, expect, it } from "vitest";
import { AttributeKind, attribute, messagesOf, modelFrom } from "../../../tests/support/onnx-model.ts";
import { AppError } from "../../base/errors.ts";
import { gradients } from "../autodiff.ts";
import { gelu, reduceMean, reduceSum, relu } from "../ops/table.ts";
import { evaluateReference } from "../reference-evaluation.ts";
import { toReference } from "../reference-tensor.ts";
import { float32, type TensorType } from "../tensor-type.ts";
import { type GraphNode, graph, input, nodesOf, type Value } from "../value.ts";
import { decodeModel } from "./decode.ts";
import { encodeModel } from "./encode.ts";

const rows: TensorType = { dtype: "float32", shape: [2, 4] };
const ints = (name: string, ...values: number[]) => attribute(name, AttributeKind.INTS, { ints: values.map(BigInt) });

/** x -> com.example.Mystery -> m -> Relu -> y, the type of m declared where `valueInfo` says so. */
function mystery(valueInfo: Readonly<Record<string, TensorType>> = {}, opsets = { "": 17, "com.example": 3 }) {
  return modelFrom({
    nodes: [
      {
        name: "/block/mystery",
        opType: "Mystery",
        domain: "com.example",
        input: ["x", "", "w"],
        output: ["m", "", "more"],
        attribute: [
          attribute("alpha", AttributeKind.FLOAT, { f: 0.5 }),
          attribute("names", AttributeKind.STRINGS, { strings: [new TextEncoder().encode("größe")] }),
          ints("sizes", 3, -1),
          ints("none"),
        ],
      },
      { name: "relu", opType: "Relu", input: ["m"], output: ["y"] },
    ],
    inputs: { x: rows },
    outputs: { y: rows },
    valueInfo,
    initializers: { w: float32([2], [1, 2]) },
    opsets,
  });
}

function nodesIn(bytes: Uint8Array): readonly GraphNode[] {
  return nodesOf(Object.values(decodeModel(bytes).graph.outputs));
}

function failureOf(work: () => unknown): readonly [code: string, message: string] {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.message];
  }
  throw new Error("no AppError was thrown");
}

describe("a node that the op table does not hold", () => {
  it("can be inspected: its op, attributes, and the types that the model declares", () => {
    const [node, next] = nodesIn(mystery({ m: rows }));
    expect([node!.op.domain, node!.op.name, node!.op.imported]).toEqual([
      "com.example",
      "Mystery",
      { node: "/block/mystery", version: 3, omitted: [1] },
    ]);
    expect(node!.attributes).toEqual({ alpha: 0.5, names: ["größe"], sizes: [3, -1], none: [] });
    expect(node!.inputs.map((value) => value?.producer.kind)).toEqual(["input", undefined, "constant"]);
    expect(node!.outputs.map(({ type }) => type.dtype)).toEqual(["float32", "unknown", "unknown"]);
    expect(node!.outputs[0]!.type.shape).toEqual([2, 4]);
    expect([next!.op.name, next!.op.imported]).toEqual(["Relu", undefined]);
  });

  it("makes nodes that take a value of unknown type imported ones too, up to what the model declares", () => {
    const [, next] = nodesIn(mystery());
    expect([next!.op.name, next!.op.domain, next!.op.imported?.version]).toEqual(["Relu", "", 17]);
    expect(next!.outputs[0]!.type).toEqual(rows);
  });

  it("is written back unchanged, with the versions of its operator sets", () => {
    for (const valueInfo of [{}, { m: rows }]) {
      const bytes = mystery(valueInfo);
      const { graph: source, opset, metadata } = decodeModel(bytes);
      const [before, after] = [messagesOf(bytes), messagesOf(encodeModel(source, metadata, opset))];
      const opsets = (model: typeof before) =>
        model.opsetImport.map(({ domain, version }) => `${domain} ${version}`).toSorted();
      expect(opsets(after)).toEqual(opsets(before));
      const [was, is] = [before.graph!.node[0]!, after.graph!.node[0]!];
      expect([is.name, is.opType, is.domain, is.attribute]).toEqual([was.name, was.opType, was.domain, was.attribute]);
      expect([is.input.map(Boolean), is.output.map(Boolean)]).toEqual([
        [true, false, true],
        [true, false, true],
      ]);
      expect(after.graph!.valueInfo.map(({ type }) => type)).toEqual(
        "m" in valueInfo ? before.graph!.valueInfo.map(({ type }) => type) : [before.graph!.output[0]!.type],
      );
      expect(nodesIn(encodeModel(source)).map(({ op }) => op.name)).toEqual(["Mystery", "Relu"]);
    }
  });

  it("is refused by the reference evaluation and by autodiff, which name the op and the node", () => {
    const { graph: source } = decodeModel(mystery({ m: rows }));
    const feeds = { x: toReference(float32([2, 4], [1, 2, 3, 4, 5, 6, 7, 8])) };
    expect(failureOf(() => evaluateReference(source, feeds))).toEqual([
      "EXECUTION_FAILED",
      "Expected ops with a reference implementation; got the imported op com.example.Mystery (node '/block/mystery')",
    ]);
    for (const bytes of [mystery({ m: rows }), mystery()]) {
      const decoded = decodeModel(bytes).graph;
      const [code, message] = failureOf(() => gradients(reduceSum(decoded.outputs.y!), [decoded.inputs[0]!]));
      expect(code).toBe("GRAPH_NOT_DIFFERENTIABLE");
      expect(message).toMatch(/got the imported op (com\.example\.Mystery|Relu) \(node '(\/block\/mystery|relu)'\)/);
    }
  });

  it("does not hinder gradients of what comes after it", () => {
    const decoded = decodeModel(mystery({ m: rows })).graph;
    const m = nodesOf([decoded.outputs.y!])[0]!.outputs[0]!;
    expect(gradients(reduceSum(decoded.outputs.y!), [m])[0]!.type).toEqual(rows);
  });

  it("takes no op of the table after an output of unknown type", () => {
    const unknown = nodesIn(mystery())[0]!.outputs[0]!;
    expect(failureOf(() => relu(unknown))).toEqual([
      "GRAPH_DTYPE",
      "Expected inputs of known types for Relu; got an unknown type",
    ]);
  });
});

describe("a form of a known op that the table does not take", () => {
  const picture: TensorType = { dtype: "float32", shape: ["N", 1, 4, 4] };
  const single = (
    opType: string,
    attributes: ReturnType<typeof ints>[],
    more: readonly string[] = [],
    output = ["y"],
  ) =>
    modelFrom({
      nodes: [{ name: "node", opType, input: ["x", ...more], output, attribute: attributes }],
      inputs: { x: picture },
      outputs: { y: picture },
    });

  it.each<[string, Uint8Array]>([
    ["an attribute of another value", single("Relu", [ints("of_another_version", 1)])],
    [
      "another padding",
      single("MaxPool", [
        ints("kernel_shape", 2, 2),
        attribute("auto_pad", AttributeKind.STRING, { s: new TextEncoder().encode("SAME_SOMEHOW") }),
      ]),
    ],
    ["more outputs", single("MaxPool", [ints("kernel_shape", 2, 2)], [], ["y", "indices"])],
    ["an op that the table lacks", single("Celu", [])],
  ])("%s becomes an imported op", (_, bytes) => {
    expect(nodesIn(bytes).map(({ op }) => op.imported?.node)).toEqual(["node"]);
  });
});

describe("Constant nodes", () => {
  const tensor = { dims: [2n], dataType: 1, floatData: [1.5, -2] };
  const cases: readonly [title: string, value: ReturnType<typeof ints>, type: TensorType, data: ArrayLike<unknown>][] =
    [
      ["value", attribute("value", AttributeKind.TENSOR, { t: tensor }), { dtype: "float32", shape: [2] }, [1.5, -2]],
      [
        "value_float",
        attribute("value_float", AttributeKind.FLOAT, { f: 0.5 }),
        { dtype: "float32", shape: [] },
        [0.5],
      ],
      [
        "value_floats",
        attribute("value_floats", AttributeKind.FLOATS, { floats: [1, 2] }),
        { dtype: "float32", shape: [2] },
        [1, 2],
      ],
      ["value_int", attribute("value_int", AttributeKind.INT, { i: 7n }), { dtype: "int64", shape: [] }, [7n]],
      ["value_ints", ints("value_ints", 3, -1), { dtype: "int64", shape: [2] }, [3n, -1n]],
    ];

  it.each(cases)("become constants, from %s", (_, value, type, data) => {
    const bytes = modelFrom({
      nodes: [{ opType: "Constant", output: ["y"], attribute: [value] }],
      inputs: {},
      outputs: { y: type },
    });
    const { y } = decodeModel(bytes).graph.outputs;
    expect(y!.type).toEqual(type);
    expect(y!.producer.kind === "constant" && [...y!.producer.tensor.data]).toEqual(data);
  });

  it("of strings are refused", () => {
    const text = attribute("value_string", AttributeKind.STRING, { s: new Uint8Array() });
    const bytes = modelFrom({
      nodes: [{ name: "c", opType: "Constant", output: ["y"], attribute: [text] }],
      inputs: {},
      outputs: { y: rows },
    });
    expect(failureOf(() => decodeModel(bytes))).toEqual([
      "MODEL_UNREADABLE",
      "Expected a Constant that is a tensor or numbers; got value_string in node 'c'",
    ]);
  });
});

describe("older versions of the operator set", () => {
  const x = input("x", "float32", ["N", 4]);
  const mean = graph("mean", [x], { y: reduceMean(x, { axes: [1] }) });
  const axesIn = (bytes: Uint8Array) => {
    const [node] = messagesOf(bytes).graph!.node;
    return [node!.input.length, node!.attribute.map(({ name }) => name).includes("axes")];
  };

  it("have the axes of reductions as an attribute, and are read and written so", () => {
    const old = encodeModel(mean, {}, 17);
    expect([axesIn(old), axesIn(encodeModel(mean))]).toEqual([
      [1, true],
      [2, false],
    ]);
    const decoded = decodeModel(old);
    expect([decoded.opset, nodesOf([decoded.graph.outputs.y!])[0]!.op.imported]).toEqual([17, undefined]);
    const feeds = { x: toReference(float32([2, 4], [1, 2, 3, 4, 5, 6, 7, 8])) };
    expect(evaluateReference(decoded.graph, feeds)).toEqual(evaluateReference(mean, feeds));
    expect(encodeModel(decoded.graph, {}, decoded.opset)).toEqual(old);
  });

  it("are kept where imported ops need them, by our own ops too", () => {
    const decoded = decodeModel(mystery({ m: rows })).graph;
    const y = reduceMean(decoded.outputs.y!, { axes: [1] });
    const model = messagesOf(encodeModel(graph("head", decoded.inputs, { y })));
    expect(model.opsetImport.map(({ domain, version }) => [domain, Number(version)])).toContainEqual([
      "com.example",
      3,
    ]);
    const old = messagesOf(encodeModel(graph("head", decoded.inputs, { y }), {}, 17));
    expect(old.graph!.node.at(-1)!.input).toHaveLength(1);
  });

  it("refuse ops that they cannot express, and imported ops of two versions", () => {
    const refused = (outputs: Record<string, Value>, inputs: readonly Value[], opset?: number) =>
      failureOf(() => encodeModel(graph("refused", inputs, outputs), {}, opset));
    expect(refused({ y: gelu(x) }, [x], 19)).toEqual([
      "GRAPH_ATTRIBUTE",
      "Expected ops that opset 19 can express; got Gelu, in this form since opset 20",
    ]);
    expect(refused({ y: relu(x) }, [x], 12)[1]).toBe("Expected an opset from 13 to 26; got 12");
    const [first, second] = [17, 18].map(
      (version) => decodeModel(mystery({}, { "": version, "com.example": 3 })).graph,
    );
    const inputs = [first!.inputs[0]!];
    const y = nodesOf([second!.outputs.y!]).at(-1)!;
    const joined = { a: first!.outputs.y!, b: y.outputs[0]! };
    expect(refused(joined, [...inputs, input("z", "float32", [1])])[0]).toBe("GRAPH_ATTRIBUTE");
  });
});
