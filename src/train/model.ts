/** The model that a pack asks for: its size and labels, and its training pictures' mean and standard deviation. */
import type { Pack } from "../dataset/pack.ts";
import { indicesOf } from "../dataset/pack.ts";
import type { Network } from "../nn/architectures/index.ts";
import type { Model } from "../nn/inference-graph.ts";
import { measureNormalization } from "../nn/picture-input.ts";

/** Normalisation is measured on the train split alone: validation and test pictures must not shape the model. */
export function createModel(network: Network, pack: Pack): Model {
  const { height, width, channels } = pack.recipe;
  const size = { height, width, channels };
  network.checkSize(size);
  return { network, size, normalization: measureNormalization(trainPictures(pack), channels), labels: pack.labels };
}

function* trainPictures(pack: Pack): Generator<Uint8Array> {
  const { height, width, channels } = pack.recipe;
  const pictureBytes = height * width * channels;
  for (const index of indicesOf(pack, "train")) {
    yield pack.pixels.subarray(index * pictureBytes, (index + 1) * pictureBytes);
  }
}
