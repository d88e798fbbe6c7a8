/**
 * Augmentation of training pictures inside the graph: a pure function of the pictures and of the
 * numbers from `drawAugmentation`. What is off adds no node.
 */
import { add, cast, clip, minimum, mul, sub } from "../../graph/ops/elementwise/elementwise.ts";
import { matMul } from "../../graph/ops/linear.ts";
import { gather, oneHot, reshape, split, transpose } from "../../graph/ops/movement/movement.ts";
import { float32 } from "../../graph/tensor-type.ts";
import { constant, scalar, type Value } from "../../graph/value.ts";
import { type PictureSize, scaleChannels } from "../picture-tensor.ts";
import {
  type Augmentation,
  changesColours,
  mixesPictures,
  movesPixels,
  requireColours,
  slantsPictures,
} from "./augmentation.ts";
import type { AugmentationSetup } from "./draw.ts";
import { splitNumbers } from "./numbers.ts";
import { resample, resampleApart } from "./resample.ts";

/**
 * Varied and normalised pictures: uint8 `[N,H,W,C]` and numbers float32 `[N, numbersPerPicture]` to
 * float32 `[N,C,H,W]`, N fixed. In this order: geometry, colours, normalisation, erasing, mixing.
 * Errors: CONFIG_INVALID for hue or saturation of grey pictures.
 */
export function augmentPictures(pictures: Value, numbers: Value, setup: AugmentationSetup): Value {
  const { augmentation, size, normalization } = setup;
  requireColours(augmentation, size.channels);
  const { geometry, colours, erased, mixing } = splitNumbers(numbers, size.channels);
  const moved = movePixels(pictures, geometry, size, augmentation);
  let y = changesColours(augmentation) ? recolour(moved, colours, size) : scaleChannels(moved, normalization);
  // After normalisation the mean colour is 0.
  if (augmentation.erasing > 0) y = mul(y, sub(scalar(1), insideBox(erased, size)));
  return mixesPictures(augmentation) ? mixPictures(y, mixing, size, augmentation) : y;
}

/**
 * The targets of mixed pictures as probabilities: int32 `[N]` to float32 `[N,classes]`, each row
 * the own class's share and its partner's.
 */
export function mixTargets(targets: Value, numbers: Value, { size }: AugmentationSetup, classes: number): Value {
  const [partner, share] = split(splitNumbers(numbers, size.channels).mixing, [1, 1, 5], 1);
  const own = oneHot(targets, classes);
  return blend(own, gather(own, rowsOf(partner)), share);
}

function movePixels(pictures: Value, maps: Value, size: PictureSize, augmentation: Augmentation): Value {
  if (slantsPictures(augmentation)) return resample(pictures, maps, size);
  if (movesPixels(augmentation)) return resampleApart(pictures, maps, size);
  return cast(transpose(pictures, [0, 3, 1, 2]), "float32");
}

/**
 * Matrix times channels plus offset, from bytes to normalised values: the product of matrices takes
 * no longer than a factor for each channel alone.
 */
function recolour(pixels: Value, maps: Value, { height, width, channels }: PictureSize): Value {
  const batch = Number(pixels.type.shape[0]);
  const [matrix, offset] = split(maps, [channels * channels, channels], 1);
  const planes = reshape(pixels, [batch, channels, height * width]);
  const mixed = matMul(reshape(matrix, [batch, channels, channels]), planes);
  return add(reshape(mixed, [batch, channels, height, width]), reshape(offset, [batch, channels, 1, 1]));
}

/** Blends with the partner where mixup is on, and pastes the partner's patch where CutMix is. */
function mixPictures(x: Value, mixing: Value, size: PictureSize, { mixup, cutmix }: Augmentation): Value {
  const batch = Number(x.type.shape[0]);
  const [partner, , ownShare, patch] = split(mixing, [1, 1, 1, 4], 1);
  const others = gather(x, rowsOf(partner));
  const shares = reshape(ownShare, [batch, 1, 1, 1]);
  if (cutmix === 0) return blend(x, others, shares);
  const outside = sub(scalar(1), insideBox(patch, size));
  return blend(x, others, mixup > 0 ? mul(outside, shares) : outside);
}

/** share own + (1 - share) other, which is exactly `own` for a share of 1. */
function blend(own: Value, other: Value, share: Value): Value {
  return add(mul(own, share), mul(other, sub(scalar(1), share)));
}

function rowsOf(partner: Value): Value {
  return reshape(cast(partner, "int32"), [Number(partner.type.shape[0])]);
}

/**
 * 1 for the pixels inside boxes `[N,4]` with whole-numbered edges (left, top, right, bottom), 0 for
 * the others: `[N,1,H,W]`.
 */
function insideBox(boxes: Value, { height, width }: PictureSize): Value {
  const batch = Number(boxes.type.shape[0]);
  const [left, top, right, bottom] = split(reshape(boxes, [batch, 4, 1, 1]), [1, 1, 1, 1], 1);
  const between = (first: Value, end: Value, shape: readonly number[]) => {
    const index = constant(
      float32(
        shape,
        Array.from({ length: Math.max(...shape) }, (_, at) => at),
      ),
    );
    return clip(minimum(sub(add(index, scalar(1)), first), sub(end, index)), { min: 0, max: 1 });
  };
  return mul(between(top, bottom, [1, 1, height, 1]), between(left, right, [1, 1, 1, width]));
}
