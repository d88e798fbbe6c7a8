/** A pretrained network in small: two residual blocks, global pooling and a classifier, as PyTorch names things. */

import type { Dim, TensorData } from "../../src/graph/tensor-type.ts";
import { AttributeKind, attribute, type ModelParts, modelFrom } from "./onnx-model.ts";

/** Numbers that follow a pattern, for `shape`. */
function weights(...shape: number[]): TensorData {
  const size = shape.reduce((product, side) => product * side, 1);
  return { dtype: "float32", shape, data: Float32Array.from({ length: size }, (_, at) => ((at * 7) % 11) / 30 - 0.16) };
}

const ints = (name: string, values: readonly number[]) =>
  attribute(name, AttributeKind.INTS, { ints: values.map(BigInt) });

/** Opset 17, input `input` float32 `[batch,3,16,16]`, output `output` `[batch,10]`, features `/pool/Flatten_output_0` `[batch,8]`. */
export function tinyBackbone({
  batch = "N",
  ...more
}: { readonly batch?: Dim } & Partial<ModelParts> = {}): Uint8Array {
  const conv = (name: string, input: string, output: string) => ({
    opType: "Conv",
    name: `/${name}/Conv`,
    input: [input, `${name}.weight`, `${name}.bias`],
    output: [output],
    attribute: [ints("kernel_shape", [3, 3]), ints("pads", [1, 1, 1, 1])],
  });
  const block = (name: string, input: string) => [
    conv(name, input, `/${name}/Conv_output_0`),
    { opType: "Relu", name: `/${name}/Relu`, input: [`/${name}/Conv_output_0`], output: [`/${name}/Relu_output_0`] },
    {
      opType: "Add",
      name: `/${name}/Add`,
      input: [`/${name}/Relu_output_0`, input],
      output: [`/${name}/Add_output_0`],
    },
  ];
  return modelFrom({
    nodes: [
      conv("stem", "input", "/stem/Conv_output_0"),
      ...block("block1", "/stem/Conv_output_0"),
      ...block("block2", "/block1/Add_output_0"),
      {
        opType: "GlobalAveragePool",
        name: "/pool/Pool",
        input: ["/block2/Add_output_0"],
        output: ["/pool/Pool_output_0"],
      },
      { opType: "Flatten", name: "/pool/Flatten", input: ["/pool/Pool_output_0"], output: ["/pool/Flatten_output_0"] },
      {
        opType: "Gemm",
        name: "/fc/Gemm",
        input: ["/pool/Flatten_output_0", "fc.weight", "fc.bias"],
        output: ["output"],
        attribute: [attribute("transB", AttributeKind.INT, { i: 1n })],
      },
    ],
    inputs: { input: { dtype: "float32", shape: [batch, 3, 16, 16] } },
    outputs: { output: { dtype: "float32", shape: [batch, 10] } },
    initializers: {
      "stem.weight": weights(8, 3, 3, 3),
      "stem.bias": weights(8),
      "block1.weight": weights(8, 8, 3, 3),
      "block1.bias": weights(8),
      "block2.weight": weights(8, 8, 3, 3),
      "block2.bias": weights(8),
      "fc.weight": weights(10, 8),
      "fc.bias": weights(10),
    },
    ...more,
  });
}
