/**
 * The model for a pack: its size and labels, and the normalisation that the network brings, else
 * its training pictures' mean and standard deviation.
 */
import { AppError } from "../base/errors.ts";
import { indicesOf, type Pack } from "../dataset/pack/pack.ts";
import type { Network } from "../nn/architectures/table.ts";
import type { Model } from "../nn/inference-graph.ts";
import { measureNormalization } from "../nn/picture-tensor.ts";

/** Pictures that are read at once: some megabytes. */
const picturesPerRead = 256;

/**
 * Normalisation is measured on the train split alone: validation and test pictures must not shape
 * the model. Errors: CONFIG_INVALID for pictures of a size or number of channels that the network
 * does not take.
 */
export async function createModel(network: Network, pack: Pack): Promise<Model> {
  const { height, width, channels } = pack.recipe;
  const size = { height, width, channels };
  network.checkSize(size);
  const normalization = network.normalization ?? (await measureNormalization(trainPixels(pack), channels));
  if (normalization.mean.length !== channels) {
    throw new AppError("CONFIG_INVALID", {
      required: `pictures of ${normalization.mean.length} channels for architecture '${network.architecture}'`,
      received: `${channels} channels`,
      hint: `set \`channels\` to ${normalization.mean.length}`,
    });
  }
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
