import { describe, expect, it } from "vitest";
import { createRandom } from "../../base/random.ts";
import { gradients } from "../../graph/autodiff.ts";
import { expandComposites } from "../../graph/lower.ts";
import {
  add,
  averagePool,
  batchNormTraining,
  type ConvOptions,
  clip,
  conv,
  convInputGradient,
  convWeightGradient,
  globalAveragePool,
  maxPool,
  mul,
  reduceSum,
  relu,
  relu6,
} from "../../graph/ops/table.ts";
import { sizeOf } from "../../graph/tensor-type.ts";
import { type Graph, graph, input, nodesOf, type Value } from "../../graph/value.ts";
import type { Executor, Tensors } from "../executor.ts";
import { createOnnxRuntimeExecutor } from "../onnx-runtime.ts";
import { createReferenceExecutor } from "../reference.ts";
import { detectBlockSize } from "./block-size.ts";
import { lowerBlocked } from "./blocked.ts";

/** batch, in, out, height, width, kernel, stride, dilation, pad, group */
const geometries: readonly (readonly number[])[] = [
  [16, 3, 32, 8, 8, 3, 1, 1, 1, 1],
  [16, 1, 16, 7, 9, 3, 1, 1, 1, 1],
  [16, 16, 32, 12, 12, 3, 1, 1, 1, 1],
  [16, 32, 16, 12, 10, 3, 2, 1, 1, 1],
  [16, 32, 32, 6, 6, 1, 1, 1, 0, 1],
  [16, 16, 16, 12, 12, 3, 1, 2, 2, 1],
  [16, 32, 32, 8, 8, 3, 1, 1, 1, 32],
  [16, 16, 16, 13, 13, 3, 2, 1, 1, 16],
  [16, 32, 64, 8, 8, 1, 2, 1, 0, 1],
  [16, 16, 16, 9, 9, 5, 1, 1, 2, 1],
  [16, 16, 16, 8, 8, 3, 1, 1, 0, 1],
  [16, 24, 40, 8, 8, 3, 1, 1, 1, 1],
  [16, 3, 24, 9, 8, 3, 2, 1, 1, 1],
  [16, 40, 16, 8, 8, 1, 1, 1, 0, 1],
  [16, 24, 24, 8, 8, 3, 2, 1, 1, 24],
];

function convolution([n, c, o, h, w, k, s, d, p, group]: readonly number[]): Graph {
  const options = { strides: [s!, s!], dilations: [d!, d!], pads: [p!, p!, p!, p!], group: group! };
  const x = input("x", "float32", [n!, c!, h!, w!]);
  const weights = input("w", "float32", [o!, c! / group!, k!, k!]);
  const y = conv(x, weights, undefined, options);
  const dy = input("dy", "float32", y.type.shape);
  return graph("convolution", [x, weights, dy], {
    y,
    dx: convInputGradient(dy, weights, { ...options, inputShape: x.type.shape }),
    dw: convWeightGradient(x, dy, { ...options, kernelShape: [k!, k!] }),
  });
}

/**
 * conv, norm, ReLU, conv, norm, a shortcut where asked for, pooling of every kind, and the
 * gradients of it all.
 */
function network(pool: (x: Value) => Value, shortcut = true, width = 16): Graph {
  const x = input("x", "float32", [16, 3, 8, 8]);
  const [w1, w2] = [input("w1", "float32", [width, 3, 3, 3]), input("w2", "float32", [width, width, 3, 3])];
  const [scale, bias] = [input("scale", "float32", [width]), input("bias", "float32", [width])];
  const pads = [1, 1, 1, 1];
  const first = batchNormTraining(conv(x, w1, undefined, { pads }), scale, bias);
  const a = relu(first.y);
  const second = batchNormTraining(conv(a, w2, undefined, { pads }), scale, bias);
  const pooled = globalAveragePool(relu(pool(shortcut ? add(second.y, a) : second.y)));
  const loss = reduceSum(pooled, { keepdims: false });
  const [dw1, dw2, dScale, dBias] = gradients(loss, [w1, w2, scale, bias]) as [Value, Value, Value, Value];
  const outputs = { loss, dw1, dw2, dScale, dBias, mean: first.mean, variance: second.variance };
  return graph("network", [x, w1, w2, scale, bias], outputs);
}

/**
 * An inverted residual as exporters write it: biases in place of batch norms, ReLU6, a depthwise
 * convolution at stride 2 padded at the bottom right only, a shortcut around the second.
 */
function foldedNetwork(): Graph {
  const names: Value[] = [];
  const weights = (name: string, shape: readonly number[]) => {
    const value = input(name, "float32", shape);
    names.push(value);
    return value;
  };
  const x = input("x", "float32", [16, 3, 9, 8]);
  const layer = (name: string, from: Value, filters: number, kernel: number, options: ConvOptions = {}) => {
    const perGroup = Number(from.type.shape[1]) / (options.group ?? 1);
    const w = weights(name, [filters, perGroup, kernel, kernel]);
    return conv(from, w, weights(`${name}.bias`, [filters]), options);
  };
  const stem = relu6(layer("stem", x, 24, 3, { pads: [1, 1, 1, 1] }));
  const down = relu6(layer("down", stem, 24, 3, { group: 24, strides: [2, 2], pads: [0, 0, 1, 1] }));
  const expanded = relu6(layer("expand", down, 48, 1));
  const filtered = clip(layer("filter", expanded, 48, 3, { group: 48, pads: [1, 1, 1, 1] }), { min: -1, max: 1 });
  const sum = add(down, layer("project", filtered, 24, 1));
  const pooled = globalAveragePool(clip(layer("top", sum, 32, 1), { min: 0 }));
  const loss = reduceSum(mul(pooled, pooled), { keepdims: false });
  const found = gradients(loss, names);
  const outputs = Object.fromEntries(found.map((value, at) => [`d${at}`, value]));
  return graph("folded", [x, ...names], { loss, sum, ...outputs });
}

const networks = {
  "biases, ReLU6 and a depthwise convolution": foldedNetwork(),
  "max pooling": network((x) => maxPool(x, { kernel: [2, 2], strides: [2, 2] })),
  "a chain without shortcut": network((x) => maxPool(x, { kernel: [2, 2], strides: [2, 2] }), false),
  "average pooling": network((x) => averagePool(x, { kernel: [2, 2], strides: [2, 2] })),
  "channels that fill no block": network((x) => maxPool(x, { kernel: [2, 2], strides: [2, 2] }), true, 24),
  "overlapping max pooling": network((x) => maxPool(x, { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })),
};

function feedsOf(source: Graph): Tensors {
  const random = createRandom("blocked");
  return Object.fromEntries(
    source.inputs.map((value) => {
      const shape = value.type.shape as readonly number[];
      const name = value.producer.kind === "input" ? value.producer.name : "";
      const stream = random.split(name);
      return [
        name,
        { dtype: "float32", shape, data: Float32Array.from({ length: sizeOf(shape) }, () => stream.normal()) },
      ];
    }),
  );
}

async function answers(executor: Executor, source: Graph): Promise<Record<string, ArrayLike<number>>> {
  const program = await executor.load(source);
  try {
    const results = await program.run(feedsOf(source));
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
  } finally {
    await program.close();
  }
}

/** The largest difference, as a share of the largest expected number. */
function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [worst, scale] = [0, 1e-12];
  for (let at = 0; at < expected.length; at++) {
    worst = Math.max(worst, Math.abs(actual[at]! - expected[at]!));
    scale = Math.max(scale, Math.abs(expected[at]!));
  }
  return worst / scale;
}

async function expectSame(left: Executor, right: Executor, source: Graph, lowered: Graph, tolerance: number) {
  const expected = await answers(left, source);
  const actual = await answers(right, lowered);
  for (const name of Object.keys(expected)) {
    expect(difference(actual[name]!, expected[name]!), name).toBeLessThan(tolerance);
  }
}

const chain = networks["a chain without shortcut"];

const portable = createOnnxRuntimeExecutor({ threads: 2, lowering: "portable" });
const unchanged = createOnnxRuntimeExecutor({ threads: 2, lower: (source) => source });
const detected = await detectBlockSize(unchanged);

describe("the blocked fast path", () => {
  // The reference executor works in float64: what is left is rounding of the float32 inputs' sums,
  // none at all in practice.
  const reference = createReferenceExecutor();
  for (const block of [8, 16]) {
    it(`computes the same in float64 with blocks of ${block}`, async () => {
      for (const source of [
        convolution(geometries[3]!),
        convolution(geometries[7]!),
        convolution(geometries[11]!),
        networks["channels that fill no block"],
        networks["biases, ReLU6 and a depthwise convolution"],
        networks["max pooling"],
        networks["a chain without shortcut"],
      ]) {
        await expectSame(reference, reference, source, expandComposites(lowerBlocked(source, block)), 1e-6);
      }
    });
  }

  describe.skipIf(detected === undefined)(
    `on this CPU (blocks of ${detected ?? "none: no blocked layout here"})`,
    () => {
      const block = detected ?? 16;
      it.each(geometries)(
        "agrees with the portable graph: batch %i, %i to %i channels, %ix%i, kernel %i, stride %i, dilation %i, pad %i, groups %i",
        async (...geometry) => {
          const source = convolution(geometry);
          // float32 sums of up to some thousand products in another order
          await expectSame(portable, unchanged, source, expandComposites(lowerBlocked(source, block)), 1e-5);
        },
      );

      it.each(Object.entries(networks))("agrees with the portable graph through %s", async (_, source) => {
        await expectSame(portable, unchanged, source, expandComposites(lowerBlocked(source, block)), 1e-4);
      });

      it.each(["max pooling", "channels that fill no block"] as const)(
        "leaves no convolution of a network with %s in the plain layout",
        (name) => {
          const lowered = lowerBlocked(networks[name], block);
          const left = nodesOf(Object.values(lowered.outputs)).filter(
            ({ op }) => op.domain === "" && /Conv|Pool|BatchNorm/.test(op.name),
          );
          expect(left.map(({ op }) => op.name)).toEqual([]);
        },
      );
    },
  );

  it("lets the convolution below carry the factor of a normalisation's gradient, where nobody else reads it", () => {
    const passesOver = (source: Graph) =>
      nodesOf(Object.values(lowerBlocked(source, 16).outputs)).filter(
        ({ op, attributes, outputs }) =>
          op.name === "Conv" && attributes.group === 16 && outputs[0]!.type.shape[2] === 8,
      ).length;
    // Per normalisation: forwards one pass; backwards one where the factor is carried, two where it
    // is not. One max-pool mask.
    expect(passesOver(chain)).toBe(2 + 2 + 1);
    expect(passesOver(networks["max pooling"])).toBeGreaterThan(passesOver(chain));
  });

  it("computes activations, and sums that nothing else reads, in the pass of the convolution before", () => {
    const lowered = nodesOf(Object.values(lowerBlocked(foldedNetwork(), 16).outputs));
    const activations = lowered.map(({ attributes }) => attributes.activation).filter((name) => name === "Clip");
    expect(activations).toHaveLength(5);
    expect(lowered.filter(({ op }) => op.name === "Clip")).toEqual([]);

    const x = input("x", "float32", [16, 16, 8, 8]);
    const [w1, w2] = [input("w1", "float32", [16, 16, 1, 1]), input("w2", "float32", [16, 16, 1, 1])];
    const source = graph("sum", [x, w1, w2], { y: relu(add(conv(x, w1), conv(x, w2))) });
    const ops = nodesOf(Object.values(lowerBlocked(source, 16).outputs)).map(({ op }) => op.name);
    expect(ops.filter((name) => /Conv|Add|Relu/.test(name))).toEqual(["Conv", "Conv"]);
  });

  it("leaves graphs with a free batch, or far fewer channels than a block, as they are", () => {
    const x = input("x", "float32", ["N", 16, 8, 8]);
    const w = input("w", "float32", [16, 16, 3, 3]);
    const free = graph("free", [x, w], { y: relu(conv(x, w)) });
    const freeDomains = nodesOf(Object.values(lowerBlocked(free, 16).outputs)).map(({ op }) => op.domain);
    expect(freeDomains).toEqual(["", ""]);
    const source = convolution([4, 6, 7, 8, 8, 3, 1, 1, 1, 1]);
    const domains = nodesOf(Object.values(lowerBlocked(source, 16).outputs)).map(({ op }) => op.domain);
    expect(new Set(domains)).toEqual(new Set([""]));
  });
});
