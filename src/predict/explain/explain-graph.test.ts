import { describe, expect, it } from "vitest";
import { randomTensor } from "../../../tests/support/op-samples.ts";
import { createRandom } from "../../base/random.ts";
import { cast, flatten, gemm } from "../../graph/ops/table.ts";
import { evaluateReference } from "../../graph/reference-evaluation.ts";
import { float32 } from "../../graph/tensor-type.ts";
import { constant, type Graph, graph, input } from "../../graph/value.ts";
import { createNetwork } from "../../nn/architectures/table.ts";
import { buildInferenceGraph, layoutOf, type Model } from "../../nn/inference-graph.ts";
import { initialParameters, initialStatistics } from "../../nn/parameter-layout.ts";
import { buildExplainGraph, type FeatureMap, featureMaps, withReplaced } from "./explain-graph.ts";

/** A network with noise on all its weights, so that no branch of it is silent. */
function classifier(name: string, options: Record<string, unknown>, width: number, height = width): Graph {
  const model: Model = {
    network: createNetwork(name, options),
    size: { height, width, channels: 3 },
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.3, 0.3, 0.3] },
    labels: ["cat", "dog", "fox"],
  };
  const layout = layoutOf(model);
  const random = createRandom("weights");
  const parameters = initialParameters(layout, random).map((weight) => weight + 0.3 * (random.next() - 0.5));
  return buildInferenceGraph(model, { parameters, statistics: initialStatistics(layout) });
}

const smallCnn = { widths: [4, 6, 8] };
const smallResnet = { widths: [4, 6, 8], blocks: 1 };
const smallMobilenet = {
  widthMultiplier: 0.1,
  headWidth: 8,
  stages: [
    { expansion: 1, width: 8, repeat: 1, stride: 2 },
    { expansion: 2, width: 8, repeat: 2, stride: 2 },
  ],
};

describe("the feature maps that are asked", () => {
  it.each<[string, Record<string, unknown>, number, number, readonly string[]]>([
    ["cnn", smallCnn, 48, 48, ["6x6", "12x12", "24x24"]],
    ["cnn", smallCnn, 27, 35, ["8x6", "17x13"]],
    ["cnn", { widths: [4, 4, 4, 4, 4] }, 64, 64, ["4x4", "8x8", "16x16"]],
    ["resnet", smallResnet, 32, 32, ["8x8", "16x16"]],
    ["mobilenet", smallMobilenet, 32, 32, ["8x8", "16x16"]],
    ["cnn", { widths: [4] }, 6, 4, ["2x3"]],
    ["resnet", { widths: [4], blocks: 1 }, 8, 8, ["8x8"]],
  ])("of %s with %j on %i x %i pixels are %j", (name, options, width, height, sizes) => {
    const { maps } = buildExplainGraph(classifier(name, options, width, height));
    expect(maps.map((map) => `${map.height}x${map.width}`)).toEqual(sizes);
  });

  it("hold everything that the logits know: no branch of a residual block", () => {
    const { maps } = buildExplainGraph(classifier("resnet", smallResnet, 32));
    for (const { value } of maps) {
      if (value.producer.kind !== "node") throw new Error("a map comes from a node");
      expect(value.producer.op.name).toBe("Relu");
      expect(value.producer.inputs[0]?.producer).toMatchObject({ op: { name: "Add" } });
    }
  });

  it("are missed in a network that never sees height and width", () => {
    const pictures = input("pictures", "uint8", ["N", 4, 4, 3]);
    const logits = gemm(flatten(cast(pictures, "float32")), constant(float32([48, 2], new Array(96).fill(0.1))));
    const run = () => buildExplainGraph(graph("flat", [pictures], { logits }));
    expect(run).toThrow(expect.objectContaining({ code: "BUNDLE_INVALID" }));
    expect(run).toThrow(
      "a network whose logits come from a feature map with height and width; got one without (graph 'flat')",
    );
  });
});

describe.each<[string, Record<string, unknown>]>([
  ["cnn", smallCnn],
  ["resnet", smallResnet],
  ["mobilenet", smallMobilenet],
])("the shares of %s", (name, options) => {
  const source = classifier(name, options, 16);
  const [fed] = buildExplainGraph(source).graph.inputs;
  const logits = withReplaced(source.outputs.logits!, source.inputs[0]!, fed!);
  const maps = featureMaps(logits, fed!);
  const pictures = randomTensor({ dtype: "uint8", shape: [1, 16, 16, 3], range: [0, 256] }, "picture");
  const direction = { dtype: "float32", shape: [1, 3], data: Float64Array.of(1, -0.5, -0.5) } as const;
  const shares = evaluateReference(buildExplainGraph(source).graph, { pictures, direction });
  const activationsOf = ({ value }: FeatureMap) =>
    evaluateReference(graph("map", [fed!], { value }), { pictures }).value!;

  /** The score as a function of a map's numbers: what the rest of the network makes of them. */
  function scoreAfter({ value }: FeatureMap): (data: Float64Array) => number {
    const activations = input("activations", "float32", value.type.shape);
    const rest = graph("rest", [activations], { logits: withReplaced(logits, value, activations) });
    const shape = value.type.shape.map(Number);
    return (data) => {
      const answers = evaluateReference(rest, { activations: { dtype: "float32", shape, data } }).logits!;
      return answers.data.reduce((sum, logit, at) => sum + logit * direction.data[at]!, 0);
    };
  }

  it("are what the score gains as a place's activations grow, by finite differences", () => {
    expect(maps.length).toBeGreaterThan(1);
    for (const [index, map] of maps.entries()) {
      const score = scoreAfter(map);
      const { data } = activationsOf(map);
      const places = map.height * map.width;
      // A small step, since the networks have kinks; float64 leaves ten digits of the difference.
      const step = 1e-6;
      for (let place = 0; place < places; place += 3) {
        const moved = (by: number) => data.map((value, at) => (at % places === place ? value * (1 + by) : value));
        const slope = (score(moved(step)) - score(moved(-step))) / (2 * step);
        expect(Math.abs(shares[`shares${index}`]!.data[place]! - slope)).toBeLessThan(1e-6);
      }
    }
  });

  it("of the deepest map add up to the score, less what the score is without the map", () => {
    const score = scoreAfter(maps[0]!);
    const { data } = activationsOf(maps[0]!);
    const total = shares.shares0!.data.reduce((sum, share) => sum + share, 0);
    // Between the last map and the logits these networks are linear. The kernels compute in
    // float64.
    expect(total).toBeCloseTo(score(data) - score(data.map(() => 0)), 10);
  });
});
