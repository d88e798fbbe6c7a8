/**
 * Explanations of single predictions: the evidence for a class in a picture, as a heat map.
 */
import { AppError } from "../../base/errors.ts";
import type { BundleInfo } from "../../bundle/bundle.ts";
import type { Graph } from "../../graph/value.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import type { Executor } from "../../runtime/executor.ts";
import { buildExplainGraph } from "./explain-graph.ts";
import { type HeatMap, heatMapOf } from "./heat-map.ts";

export type { HeatMap } from "./heat-map.ts";
export { decodeForHeatMap, drawHeatMap } from "./heat-map-picture.ts";

/** Explains the predictions of one bundle. It holds the engine's memory until it is closed. */
export interface Explainer {
  /**
   * The evidence for a class in one picture that has gone through the recipe: uint8
   * `[height,width,channels]`. The class need not be the predicted one. Calls may overlap; they are
   * computed in order.
   * Errors: EXECUTION_INPUT for a wrong number of bytes or a class that does not exist;
   * EXECUTION_FAILED.
   */
  explain(pixels: Uint8Array, classIndex: number): Promise<HeatMap>;
  /** Waits for the explanation under way, then gives the engine's memory back. */
  close(): Promise<void>;
}

/**
 * Prepares explanations of a bundle's graph by its gradients (`buildExplainGraph`). Building it
 * takes about as long as opening the bundle, so a service does it at the first explanation that is
 * asked for.
 * Errors: BUNDLE_INVALID where the network has no feature map; GRAPH_NOT_DIFFERENTIABLE;
 * EXECUTION_FAILED.
 */
export async function createExplainer(
  graph: Graph,
  { labels, recipe }: Pick<BundleInfo, "labels" | "recipe">,
  executor: Executor,
): Promise<Explainer> {
  const { graph: explanation, maps } = buildExplainGraph(graph);
  const program = await executor.load(explanation);
  const { height, width, channels } = recipe;

  const explain = async (pixels: Uint8Array, classIndex: number): Promise<HeatMap> => {
    const shares = await program.run({
      pictures: { dtype: "uint8", shape: [1, height, width, channels], data: pixels },
      direction: { dtype: "float32", shape: [1, labels.length], data: directionOf(classIndex, labels.length) },
    });
    // The outputs' names and element type are those of buildExplainGraph.
    const grids = maps.map((map, at) => ({ ...map, values: shares[`shares${at}`]!.data as Float32Array }));
    return heatMapOf(grids, recipe);
  };

  let last: Promise<unknown> = Promise.resolve();
  return {
    async explain(pixels, classIndex) {
      requireFit(pixels, classIndex, { labels, recipe });
      const turn = last.then(() => explain(pixels, classIndex));
      // A failed call must not fail the next one.
      last = turn.catch(() => undefined);
      return turn;
    },
    async close() {
      await last;
      await program.close();
    },
  };
}

/**
 * The score that is explained: the class's logit less the mean of the others. Softmax does not
 * change when the same is added to all logits, so what raises them all is no reason for any class,
 * and the logit alone would show it.
 */
function directionOf(classIndex: number, classes: number): Float32Array {
  return new Float32Array(classes).fill(-1 / (classes - 1)).fill(1, classIndex, classIndex + 1);
}

function requireFit(
  pixels: Uint8Array,
  classIndex: number,
  { labels, recipe }: Pick<BundleInfo, "labels" | "recipe">,
): void {
  if (pixels.length !== recipeSizeBytes(recipe)) {
    const { height, width, channels } = recipe;
    throw new AppError("EXECUTION_INPUT", {
      required: `one picture of ${height} x ${width} x ${channels} bytes (height, width, channels)`,
      received: `${pixels.length} bytes`,
    });
  }
  if (!Number.isInteger(classIndex) || classIndex < 0 || classIndex >= labels.length) {
    throw new AppError("EXECUTION_INPUT", {
      required: `a class index from 0 to ${labels.length - 1}`,
      received: String(classIndex),
    });
  }
}
