/**
 * The model that a pack asks for: its size and labels, and its training pictures' mean and standard
 * deviation.
 */
import { indicesOf, type Pack } from "../dataset/pack/pack.ts";
import type { Network } from "../nn/architectures/table.ts";
import type { Model } from "../nn/inference-graph.ts";
import { measureNormalization } from "../nn/picture-input.ts";

/** Pictures that are read at once: some megabytes. */
const picturesPerRead = 256;

/**
 * Normalisation is measured on the train split alone: validation and test pictures must not shape
 * the model.
 */
export async function createModel(network: Network, pack: Pack): Promise<Model> {
  const { height, width, channels } = pack.recipe;
  const size = { height, width, channels };
  network.checkSize(size);
  const normalization = await measureNormalization(trainPixels(pack), channels);
  return { network, size, normalization, labels: pack.labels };
}

async function* trainPixels({ pixels, ...pack }: Pack): AsyncGenerator<Uint8Array> {
  const indices = indicesOf(pack, "train");
  const buffer = new Uint8Array(picturesPerRead * pixels.rowBytes);
  for (let start = 0; start < indices.length; start += picturesPerRead) {
    const some = indices.subarray(start, start + picturesPerRead);
    await pixels.read(some, buffer);
    yield buffer.subarray(0, some.length * pixels.rowBytes);
  }
}
