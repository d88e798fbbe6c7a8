import { afterAll, describe, expect, it } from "vitest";
import { tinyExecutor, tinyModel } from "../../../tests/support/tiny-bundle.ts";
import { createRandom } from "../../base/random.ts";
import { encodeBundle, parityPicture } from "../../bundle/bundle.ts";
import { decodeModel } from "../../graph/onnx/decode.ts";
import { conv, flatten, gemm, globalAveragePool, maxPool, relu } from "../../graph/ops/table.ts";
import { float32 } from "../../graph/tensor-type.ts";
import { constant, graph, input } from "../../graph/value.ts";
import { normalizePictures } from "../../nn/picture-tensor.ts";
import { createReferenceExecutor } from "../../runtime/reference.ts";
import { createExplainer, type HeatMap } from "./explain.ts";

const side = 24;
const recipe = { width: side, height: side, channels: 3, fit: "cover", kernel: "lanczos3" } as const;
const labels = ["red", "green", "blue"];

/**
 * A network made by hand that tells squares by their colour: one channel for each colour that
 * outshines the two others, three scales of pooling, and logits that are the channels' means,
 * `weight` times. Every logit also gets `common` times the brightness, which is no reason for any
 * class.
 */
function colourGraph({ weight = 10, common = 0, classes = 3 } = {}) {
  const pictures = input("pictures", "uint8", ["N", side, side, 3]);
  const pixels = normalizePictures(pictures, { mean: [0, 0, 0], std: [1, 1, 1] });
  const opponents = constant(float32([4, 3, 1, 1], [1, -1, -1, -1, 1, -1, -1, -1, 1, 1, 1, 1]));
  const own = constant(float32([4, 4, 1, 1], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]));
  const pooling = { kernel: [2, 2], strides: [2, 2] };
  const half = maxPool(relu(conv(pixels, opponents)), pooling);
  const quarter = maxPool(relu(conv(half, own)), pooling);
  const rows = [
    [weight, 0, 0, common],
    [0, weight, 0, common],
    [0, 0, weight, common],
  ].slice(0, classes);
  const head = constant(float32([classes, 4], rows.flat()));
  const logits = gemm(flatten(globalAveragePool(quarter)), head, undefined, { transB: true });
  return graph("colours", [pictures], { logits, probabilities: logits });
}

interface Square {
  readonly top: number;
  readonly left: number;
  /** Which channel is lit. */
  readonly colour: number;
}

const squareSide = 6;

/** Squares of pure colour on dark grey noise. */
function picture(squares: readonly Square[], seed = 1): Uint8Array {
  const random = createRandom(seed);
  const pixels = Uint8Array.from({ length: side * side * 3 }, () => 20 + random.integer(30));
  for (const { top, left, colour } of squares) {
    for (let at = 0; at < squareSide ** 2; at++) {
      const pixel = (top + Math.floor(at / squareSide)) * side + left + (at % squareSide);
      pixels.set(
        [0, 1, 2].map((channel) => (channel === colour ? 230 : 20)),
        pixel * 3,
      );
    }
  }
  return pixels;
}

/** The share of all heat within a square and `margin` pixels around it. */
function heatWithin({ values }: HeatMap, { top, left }: Square, margin: number): number {
  const isNear = (place: number, start: number) => place >= start - margin && place < start + squareSide + margin;
  const total = values.reduce((sum, value) => sum + value, 0);
  const near = values.filter((_, at) => isNear(Math.floor(at / side), top) && isNear(at % side, left));
  return near.reduce((sum, value) => sum + value, 0) / total;
}

const peakOf = ({ values }: HeatMap) => values.indexOf(Math.max(...values));

const colours = await createExplainer(colourGraph(), { labels, recipe }, tinyExecutor);
afterAll(() => colours.close());

describe("an explanation", () => {
  it.each<Square>([
    { top: 0, left: 0, colour: 0 },
    { top: 3, left: 15, colour: 1 },
    { top: 17, left: 2, colour: 2 },
    { top: 9, left: 10, colour: 0 },
  ])("is hot where the class's mark was planted: %j", async (square) => {
    const heat = await colours.explain(picture([square], 7), square.colour);
    expect(heat).toMatchObject({ width: side, height: side, method: "hires-cam" });
    // A map's place is 4 pixels wide, and its heat runs out over its neighbours.
    expect(heatWithin(heat, square, 4)).toBeGreaterThan(0.95);
    const peak = peakOf(heat);
    expect(heat.values[peak]).toBe(1);
    expect(Math.abs(Math.floor(peak / side) + 0.5 - square.top - squareSide / 2)).toBeLessThanOrEqual(4);
    expect(Math.abs((peak % side) + 0.5 - square.left - squareSide / 2)).toBeLessThanOrEqual(4);
  });

  it("is a property of the class: in one picture each class has its own place", async () => {
    const squares = [
      { top: 1, left: 2, colour: 0 },
      { top: 2, left: 16, colour: 1 },
      { top: 16, left: 9, colour: 2 },
    ];
    const pixels = picture(squares);
    for (const square of squares) {
      expect(heatWithin(await colours.explain(pixels, square.colour), square, 4)).toBeGreaterThan(0.95);
    }
  });

  it("leaves out what raises all classes alike", async () => {
    const bright = await createExplainer(colourGraph({ common: 100 }), { labels, recipe }, tinyExecutor);
    const square = { top: 14, left: 4, colour: 2 };
    const pixels = picture([square]);
    for (let at = 0; at < side * side * 3 * 0.25; at++) pixels[at] = 255; // a white strip, the brightest place
    const [heat, plain] = [await bright.explain(pixels, 2), await colours.explain(pixels, 2)];
    await bright.close();
    expect(heatWithin(heat, square, 4)).toBeGreaterThan(0.95);
    // float32 loses some digits where 100 is taken from 100.
    for (const [at, value] of plain.values.entries()) expect(heat.values[at]).toBeCloseTo(value, 3);
  });

  it("is zero everywhere where the network does not look at the picture", async () => {
    const blind = await createExplainer(colourGraph({ weight: 0 }), { labels, recipe }, tinyExecutor);
    const { values } = await blind.explain(picture([{ top: 5, left: 5, colour: 1 }]), 1);
    await blind.close();
    expect(new Set(values)).toEqual(new Set([0]));
  });

  it("of one of two classes is what speaks against the other: never both at one place", async () => {
    const [red, green] = [
      { top: 4, left: 3, colour: 0 },
      { top: 6, left: 13, colour: 1 },
    ] as const;
    const explainer = await createExplainer(
      colourGraph({ classes: 2 }),
      { labels: ["red", "green"], recipe },
      tinyExecutor,
    );
    const pixels = picture([red, green]);
    const heats = [await explainer.explain(pixels, 0), await explainer.explain(pixels, 1)] as const;
    await explainer.close();
    expect(heatWithin(heats[0], red, 4)).toBeGreaterThan(0.95);
    expect(heatWithin(heats[1], green, 4)).toBeGreaterThan(0.95);
    for (const [at, value] of heats[0].values.entries()) expect(Math.min(value, heats[1].values[at]!)).toBe(0);
  });

  it("is the same from a bundle's bytes, and in the reference executor", async () => {
    const model = tinyModel();
    const decoded = decodeModel(encodeBundle(model.graph, { ...model.info, parity: [] })).graph;
    const pixels = parityPicture(4, model.info.recipe);
    const heats: HeatMap[] = [];
    for (const [source, executor] of [
      [model.graph, tinyExecutor],
      [decoded, tinyExecutor],
      [decoded, createReferenceExecutor()],
    ] as const) {
      const explainer = await createExplainer(source, model.info, executor);
      heats.push(await explainer.explain(pixels, 2));
      await explainer.close();
    }
    expect(heats[1]).toEqual(heats[0]);
    // The engine sums in float32, the reference in float64.
    for (const [at, value] of heats[2]!.values.entries()) expect(heats[0]!.values[at]).toBeCloseTo(value, 4);
  });
});

describe("an explainer", () => {
  const square = { top: 3, left: 3, colour: 0 };
  const pixels = picture([square]);

  it("works off calls that overlap, each with its own answer", async () => {
    const alone = [await colours.explain(pixels, 0), await colours.explain(pixels, 1)];
    const refused = expect(colours.explain(pixels, 3)).rejects.toMatchObject({ code: "EXECUTION_INPUT" });
    const together = await Promise.all([0, 1, 0].map((index) => colours.explain(pixels, index)));
    await refused;
    expect(together).toEqual([alone[0], alone[1], alone[0]]);
  });

  it("refuses pixels that are not one picture of the recipe's size", async () => {
    await expect(colours.explain(new Uint8Array(3 * side * side * 2), 0)).rejects.toMatchObject({
      code: "EXECUTION_INPUT",
      message: "Expected one picture of 24 x 24 x 3 bytes (height, width, channels); got 3456 bytes",
    });
  });

  it.each([-1, 3, 0.5, Number.NaN])("refuses a class that does not exist: %d", async (index) => {
    await expect(colours.explain(pixels, index)).rejects.toMatchObject({
      code: "EXECUTION_INPUT",
      message: `Expected a class index from 0 to 2; got ${index}`,
    });
  });

  it("gives the explanation under way before it closes, and none after", async () => {
    const explainer = await createExplainer(colourGraph(), { labels, recipe }, tinyExecutor);
    const underWay = explainer.explain(pixels, 0);
    await explainer.close();
    expect(heatWithin(await underWay, square, 4)).toBeGreaterThan(0.95);
    await expect(explainer.explain(pixels, 0)).rejects.toMatchObject({ code: "EXECUTION_FAILED" });
  });

  it("cannot be made for a network without a feature map", async () => {
    const pictures = input("pictures", "uint8", ["N", side, side, 3]);
    const logits = input("logits", "float32", ["N", 3]);
    await expect(
      createExplainer(graph("none", [pictures, logits], { logits }), { labels, recipe }, tinyExecutor),
    ).rejects.toMatchObject({ code: "BUNDLE_INVALID" });
  });
});
