/**
 * A colour scale for heat: lightness rises evenly with the value, so that it reads the same in grey
 * and to colour-blind eyes.
 */
import type { Colour } from "./decode.ts";

/**
 * Ten even steps of "inferno" by van der Walt and Smith (2015, CC0), black through red and orange
 * to pale yellow.
 */
const inferno: readonly Colour[] = [
  [0, 0, 4],
  [27, 12, 65],
  [74, 12, 107],
  [120, 28, 109],
  [165, 44, 96],
  [207, 68, 70],
  [237, 105, 37],
  [251, 155, 6],
  [247, 209, 61],
  [252, 255, 164],
];

/** The colour of a value from 0 to 1, values beyond taken as the nearer end. */
export function heatColour(value: number): Colour {
  const place = Math.min(Math.max(value, 0), 1) * (inferno.length - 1);
  const from = Math.min(Math.floor(place), inferno.length - 2);
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(inferno[from]![channel] * (1 - place + from) + inferno[from + 1]![channel] * (place - from));
  return [mix(0), mix(1), mix(2)];
}
