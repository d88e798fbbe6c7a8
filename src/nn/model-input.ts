/**
 * What a model is fed: pictures, or, where its first layers are fixed and were run before, what
 * those gave for each picture.
 */
import type { TensorData } from "../graph/tensor-type.ts";
import { input, type Value } from "../graph/value.ts";
import { type Normalization, normalizePictures, type PictureSize } from "./picture-tensor.ts";

export interface ModelInput {
  readonly size: PictureSize;
  readonly normalization: Normalization;
  /**
   * The shape of what is fed in place of each picture, float32; pictures unless given.
   */
  readonly activations?: readonly number[];
}

/** The graph input: `pictures` uint8 `[batch,H,W,C]`, or `activations` float32 `[batch,...]`. */
export function inputOf({ size, activations }: ModelInput, batch: number | "N"): Value {
  return activations
    ? input("activations", "float32", [batch, ...activations])
    : input("pictures", "uint8", [batch, size.height, size.width, size.channels]);
}

/** What the network takes: normalised pictures float32 `[batch,C,H,W]`, or the activations as they are. */
export function networkInput({ activations, normalization }: ModelInput, fed: Value): Value {
  return activations ? fed : normalizePictures(fed, normalization);
}

/** The same as a value of its own, for tracing. */
export function tracedInput({ size, activations }: ModelInput): Value {
  return input("traced", "float32", [1, ...(activations ?? [size.channels, size.height, size.width])]);
}

/** A batch's rows, as its loader keeps them, as the feed of `inputOf`. */
export function feedOf({ size, activations }: ModelInput, batch: number, rows: Uint8Array): Record<string, TensorData> {
  if (!activations) {
    return { pictures: { dtype: "uint8", shape: [batch, size.height, size.width, size.channels], data: rows } };
  }
  const data = new Float32Array(rows.buffer, rows.byteOffset, rows.byteLength / Float32Array.BYTES_PER_ELEMENT);
  return { activations: { dtype: "float32", shape: [batch, ...activations], data } };
}
