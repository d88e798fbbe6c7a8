import { describe, expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { layoutOf } from "../inference-graph.ts";
import { multipleOf8 } from "./mobilenet.ts";
import { architectures, createNetwork } from "./table.ts";

const normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

function layoutFor(name: string, options: Record<string, unknown>, side: number, channels = 3) {
  const size = { height: side, width: side, channels };
  return layoutOf({ network: createNetwork(name, options), size, normalization, labels: ["a", "b"] });
}

describe("architectures", () => {
  it("are found by name; an unknown name lists them and the nearest", () => {
    expect(architectures.map(({ name }) => name)).toEqual(["cnn", "resnet", "mobilenet"]);
    const error = failureOf(() => createNetwork("resnt"));
    expect(error.code).toBe("ARCHITECTURE_UNKNOWN");
    expect(error.message).toBe("Expected an architecture: cnn, resnet, mobilenet; got 'resnt'");
    expect(error.hint).toBe("did you mean resnet?");
  });

  it("fill in defaults and keep what was given", () => {
    expect(createNetwork("cnn", { widths: [8] }).options).toEqual({ widths: [8], dropout: 0 });
  });

  it("refuse an option that they do not take, with the nearest one", () => {
    const error = failureOf(() => createNetwork("cnn", { width: [8] }));
    expect(error.code).toBe("CONFIG_UNKNOWN_KEY");
    expect(error.message).toBe("Expected an option that the architecture takes; got width (architecture 'cnn')");
    expect(error.hint).toBe("did you mean widths?");
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      "cnn",
      { widths: [] },
      "Expected a list of at least 1, each item a whole number from 1 to 4096 for option widths; got []",
    ],
    ["cnn", { widths: [0] }, "got [0]"],
    ["cnn", { dropout: 1 }, "Expected a number from 0 to 0.95 for option dropout; got 1"],
    ["resnet", { blocks: 0 }, "Expected a whole number from 1 to 64 for option blocks; got 0"],
    ["mobilenet", { stages: [{ expansion: 1, width: 8, repeat: 1, stride: 3 }] }, "for option stages; got [{"],
  ])("refuse %s with %j", (name, options, message) => {
    const error = failureOf(() => createNetwork(name, options));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain(message);
  });

  it("say which pictures are too small for them", () => {
    const error = failureOf(() => layoutFor("cnn", { widths: [8, 8, 8] }, 7));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain("got pictures of 7x7 pixels");
    expect(error.hint).toContain("at least 8 pixels a side");
  });

  it.each<[string, Record<string, unknown>, number]>([
    ["cnn", { widths: [8, 8, 8] }, 8],
    ["cnn", { widths: [8, 8] }, 27],
    ["resnet", { widths: [8, 8], blocks: 1 }, 2],
    ["resnet", { widths: [8, 8, 8], stemStride: 2 }, 33],
    ["mobilenet", {}, 8],
    ["mobilenet", { widthMultiplier: 0.5 }, 21],
  ])("%s with %j takes pictures of %i pixels", (name, options, side) => {
    expect(layoutFor(name, options, side).parameters.at(-1)!.name).toBe("head.bias");
  });

  it("cnn has the parameters of the reference network", () => {
    // 1->32->32->64->64 3x3 convolutions without bias, scale and bias of four norms, dense 64 -> 2.
    const convolutions = 9 * (32 + 32 * 32 + 32 * 64 + 64 * 64);
    const layout = layoutFor("cnn", { widths: [32, 64] }, 28, 1);
    expect(layout.parameterCount).toBe(convolutions + 2 * (32 + 32 + 64 + 64) + 64 * 2 + 2);
    expect(layout.statisticCount).toBe(2 * (32 + 32 + 64 + 64));
  });

  it("resnet starts as its short cuts: the last scale of each block is zero", () => {
    const slots = layoutFor("resnet", { widths: [8, 16], blocks: 2 }, 16).parameters;
    const zeroScales = slots.filter(({ name, initializer }) => name.endsWith("scale") && initializer.name === "zeros");
    expect(zeroScales.map(({ name }) => name)).toEqual([
      "stage1.block1.norm2.scale",
      "stage1.block2.norm2.scale",
      "stage2.block1.norm2.scale",
      "stage2.block2.norm2.scale",
    ]);
    expect(slots.filter(({ name }) => name.endsWith("shortcut.weight")).length).toBe(1);
  });

  it("mobilenet rounds widths to multiples of 8, at most a tenth down", () => {
    expect([4, 8, 11, 12, 20, 30].map(multipleOf8)).toEqual([8, 8, 16, 16, 24, 32]);
  });
});
