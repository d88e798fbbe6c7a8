/**
 * A few changes for each picture, drawn from a table and made one after the other: Cubuk, Zoph,
 * Shlens and Le, "RandAugment: Practical Automated Data Augmentation with a Reduced Search Space",
 * 2020 (arXiv:1909.13719).
 *
 * Two numbers set it, how many changes and how strong. The table holds what an affine map of places
 * or of colours can say. Of the paper's table that leaves out AutoContrast, Equalize, Posterize,
 * Solarize and Sharpness; zoom is ours.
 */
import type { Random } from "../../base/random.ts";
import type { Normalization, PictureSize } from "../picture-tensor.ts";
import { type AffineMap, inTurn, sheared, shifted, turned, zoomed } from "./affine-map.ts";
import { brightened, type ColourMap, coloursInTurn, contrasted, saturated, unchangedColours } from "./colour-map.ts";

interface Entry {
  readonly name: string;
  /**
   * The amount at magnitude 10; smaller magnitudes take their share of it, either way at random.
   */
  readonly largest: number;
  readonly rgbOnly?: true;
  move?(amount: number, size: PictureSize): AffineMap;
  recolour?(amount: number, normalization: Normalization): ColourMap;
}

/** Amounts are those of torchvision's RandAugment where it has the entry. */
export const policyTable: readonly Entry[] = [
  { name: "identity", largest: 0 },
  { name: "rotate", largest: 30, move: turned },
  { name: "shear-x", largest: 0.3, move: (amount) => sheared(amount, 0) },
  { name: "shear-y", largest: 0.3, move: (amount) => sheared(0, amount) },
  { name: "translate-x", largest: 0.45, move: (amount, { width }) => shifted(amount * width, 0) },
  { name: "translate-y", largest: 0.45, move: (amount, { height }) => shifted(0, amount * height) },
  { name: "zoom", largest: 0.5, move: (amount) => zoomed(1 - amount, 1 - amount) },
  { name: "brightness", largest: 1, recolour: brightened },
  { name: "contrast", largest: 0.9, recolour: (amount, normalization) => contrasted(1 + amount, normalization) },
  { name: "saturation", largest: 0.9, rgbOnly: true, recolour: (amount) => saturated(1 + amount) },
];

export interface PolicyMaps {
  readonly move: AffineMap;
  readonly colours: ColourMap;
}

/**
 * Draws `count` changes of a strength from 0 to 10 for one picture; the same entry can come twice.
 */
export function drawPolicy(
  random: Random,
  { count, magnitude }: { readonly count: number; readonly magnitude: number },
  size: PictureSize,
  normalization: Normalization,
): PolicyMaps {
  const table = policyTable.filter(({ rgbOnly }) => !rgbOnly || size.channels === 3);
  const moves: AffineMap[] = [];
  const colours: ColourMap[] = [unchangedColours(size.channels)];
  for (let at = 0; at < count; at++) {
    const { largest, move, recolour } = table[random.integer(table.length)]!;
    const amount = ((largest * magnitude) / 10) * (random.integer(2) === 0 ? 1 : -1);
    if (move) moves.push(move(amount, size));
    if (recolour) colours.push(recolour(amount, normalization));
  }
  return { move: inTurn(moves), colours: coloursInTurn(colours) };
}
