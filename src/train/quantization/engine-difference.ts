/** How far the answers of a quantised graph go apart between engines that compute it in different ways. */
import { type BundleInfo, parityPicture } from "../../bundle/bundle.ts";
import type { LoadedBundle } from "../../bundle/load-bundle.ts";
import { parityTolerance } from "../../bundle/parity.ts";
import type { Graph } from "../../graph/value.ts";
import type { Executor } from "../../runtime/executor.ts";
import { bundleOf } from "./search-quantization.ts";

/** Pictures of noise that are answered in both ways; a bundle's parity examples are among them. */
const seeds = [1, 2, 3, 4, 5, 6, 7, 8] as const;

/** What is measured on this machine may be more on another one. */
const margin = 2;

/**
 * The tolerance for parity examples of a quantised graph. An activation at the edge between two steps falls to the
 * other side when floats are added up in another order, and with it what follows: in a network of 53 layers 3
 * activations in 100,000 behind the first become half of them behind the last. So pictures of noise are
 * answered by `executor` and by `plain`, which computes op by op in floats; the largest difference of a probability,
 * or of a logit relative to the picture's largest, counts twice. Errors: EXECUTION_FAILED.
 */
export async function measureTolerance(
  graph: Graph,
  info: BundleInfo,
  executor: Executor,
  plain: Executor,
): Promise<number> {
  const first = await bundleOf(graph, info, executor);
  try {
    const second = await bundleOf(graph, info, plain);
    try {
      let most = 0;
      for (const seed of seeds) {
        most = Math.max(most, await differenceOf(first, second, parityPicture(seed, info.recipe)));
      }
      return Number(Math.min(1, Math.max(10 * parityTolerance, margin * most)).toPrecision(3));
    } finally {
      await second.close();
    }
  } finally {
    await first.close();
  }
}

async function differenceOf(first: LoadedBundle, second: LoadedBundle, picture: Uint8Array): Promise<number> {
  const [a, b] = [await first.answer(picture), await second.answer(picture)];
  const scale = a.logits.reduce((largest, logit) => Math.max(largest, Math.abs(logit)), 1);
  return Math.max(greatestDistance(a.probabilities, b.probabilities), greatestDistance(a.logits, b.logits) / scale);
}

function greatestDistance(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);
}
