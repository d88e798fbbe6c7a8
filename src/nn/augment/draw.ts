/**
 * Draws a batch's augmentation parameters. All randomness of the augmentation is here; the graph is
 * deterministic.
 */
import type { Random } from "../../base/random.ts";
import type { Normalization, PictureSize } from "../picture-tensor.ts";
import { type AffineMap, cropped, inTurn, mirrored, sheared, shifted, turned, unmoved, zoomed } from "./affine-map.ts";
import { type Augmentation, mixesPictures } from "./augmentation.ts";
import { drawBeta } from "./beta.ts";
import { areaOf, type Box, drawBox, drawPatch, noBox, onWholePixels } from "./boxes.ts";
import { brightened, coloursInTurn, contrasted, normalizingMap, saturated, turnedHues } from "./colour-map.ts";
import { blockRows } from "./numbers.ts";
import { drawPolicy } from "./rand-augment.ts";

/** What is varied, and how pictures come in. */
export interface AugmentationSetup {
  readonly augmentation: Augmentation;
  readonly size: PictureSize;
  readonly normalization: Normalization;
}

/**
 * As in torchvision's RandomResizedCrop: up to 4/3 as wide or as high as the picture's own shape.
 */
const cropAspect = 4 / 3;
/**
 * Zhong, Zheng, Kang, Li and Yang, "Random Erasing Data Augmentation", 2017 (arXiv:1708.04896):
 * s_l, s_h and 1 / r_1.
 */
const [erasedAreas, erasedAspect] = [[0.02, 0.4] as const, 10 / 3];

/**
 * Draws the numbers of a batch into `into`, a float32 `[batch, numbersPerPicture]`. They follow
 * from `random`'s seed path and the settings alone. Each kind of change has its own stream, so that
 * one of them is not moved by what else is on.
 */
export function drawAugmentation(random: Random, setup: AugmentationSetup, into: Float32Array): void {
  const { channels } = setup.size;
  const { policy, beforePolicy, afterPolicy, colours, erased } = createDraws(random, setup);
  const rows = {
    geometry: blockRows(into, channels, "geometry"),
    colours: blockRows(into, channels, "colours"),
    erased: blockRows(into, channels, "erased"),
    mixing: blockRows(into, channels, "mixing"),
  };
  const mixings = drawMixing(random.split("mixing"), setup, rows.mixing.length);
  for (const [row, { partner, share, blend, patch }] of mixings.entries()) {
    const drawn = policy();
    const moves = [...beforePolicy.map((draw) => draw()), drawn.move, ...afterPolicy.map((draw) => draw())];
    rows.geometry[row]!.set(inTurn(moves));
    const map = coloursInTurn([drawn.colours, ...colours.map((draw) => draw())]);
    const { matrix, offset } = normalizingMap(map, setup.normalization);
    rows.colours[row]!.set([...matrix, ...offset]);
    rows.erased[row]!.set(edgesOf(erased()));
    rows.mixing[row]!.set([partner, share, blend, ...edgesOf(patch)]);
  }
}

function edgesOf({ left, top, right, bottom }: Box): readonly number[] {
  return [left, top, right, bottom];
}

/**
 * For each change that is on, a function that draws it for the next picture from a stream of its
 * own; in the order of making.
 */
function createDraws(random: Random, { augmentation, size, normalization }: AugmentationSetup) {
  const { flip, shiftPixels, zoom, rotationDegrees, shear, crop, randAugment } = augmentation;
  const { brightness, contrast, saturation, hue, erasing } = augmentation;

  /**
   * `draw` gets an even number from -reach to reach whenever it asks; nothing is drawn for a reach
   * of 0.
   */
  const within = <T>(name: string, reach: number, draw: (next: () => number) => T): readonly (() => T)[] => {
    if (reach === 0) return [];
    const stream = random.split(name);
    const next = () => reach * (2 * stream.next() - 1);
    return [() => draw(next)];
  };
  const shifts = random.split("shift");
  const shift = () => shifts.integer(2 * shiftPixels + 1) - shiftPixels;
  const crops = random.split("crop");
  const erasings = random.split("erasing");
  const policies = random.split("policy");
  return {
    beforePolicy: crop < 1 ? [() => cropOf(drawBox(crops, [crop, 1], cropAspect, size), size)] : [],
    policy: () => drawPolicy(policies, randAugment, size, normalization),
    afterPolicy: [
      ...(shiftPixels > 0 ? [() => shifted(shift(), shift())] : []),
      ...within("zoom", zoom, (next) => zoomed(1 + next(), 1 + next())),
      ...within("turn", rotationDegrees, (next) => turned(next())),
      ...within("shear", shear, (next) => sheared(next(), next())),
      ...within("flip", Number(flip), (next) => (next() < 0 ? mirrored : unmoved)),
    ],
    colours: [
      ...within("saturation", saturation, (next) => saturated(1 + next())),
      ...within("hue", hue, (next) => turnedHues(next())),
      ...within("contrast", contrast, (next) => contrasted(1 + next(), normalization)),
      ...within("brightness", brightness, (next) => brightened(next(), normalization)),
    ],
    erased: (): Box => {
      if (erasing === 0 || erasings.next() >= erasing) return noBox;
      return onWholePixels(drawBox(erasings, erasedAreas, erasedAspect, size) ?? noBox);
    },
  };
}

/** The whole picture where no box was found. */
function cropOf(box: Box | undefined, size: PictureSize): AffineMap {
  return box ? cropped(box, size) : unmoved;
}

export interface Mixing {
  /** The row of the batch that this picture is joined with. */
  readonly partner: number;
  /** How much of the target is the picture's own; the rest is its partner's. */
  readonly share: number;
  /** How much of the pixels outside the patch is the picture's own. */
  readonly blend: number;
  /** Whole pixels that are the partner's. */
  readonly patch: Box;
}

/**
 * Mixup (Zhang, Cisse, Dauphin and Lopez-Paz, 2018, arXiv:1710.09412) or CutMix (Yun and others,
 * 2019, arXiv:1905.04899), one of them for a whole batch where both are on. Each picture has its
 * own share; partners are a permutation.
 */
function drawMixing(random: Random, { augmentation, size }: AugmentationSetup, batch: number): readonly Mixing[] {
  const { mixup, cutmix } = augmentation;
  if (!mixesPictures(augmentation)) {
    return Array.from({ length: batch }, (_, partner) => ({ partner, share: 1, blend: 1, patch: noBox }));
  }
  const cuts = random.next() < 0.5 ? cutmix > 0 : mixup === 0;
  return Array.from(random.permutation(batch), (partner) => {
    const alpha = cuts ? cutmix : mixup;
    const drawn = drawBeta(random, alpha, alpha);
    if (!cuts) return { partner, share: drawn, blend: drawn, patch: noBox };
    const patch = drawPatch(random, 1 - drawn, size);
    return { partner, share: 1 - areaOf(patch) / (size.width * size.height), blend: 1, patch };
  });
}

/** What the numbers of a batch say of how its pictures are joined. */
export function mixingOf(numbers: Float32Array, channels: number): readonly Pick<Mixing, "partner" | "share">[] {
  return blockRows(numbers, channels, "mixing").map(([partner, share]) => ({ partner: partner!, share: share! }));
}
