/** Brightness, contrast and colour of a small picture. */
import type { PixelImage } from "../../../image/decode.ts";
import type { DecodedFacts } from "../findings/findings.ts";

export interface PixelMeasures extends Pick<DecodedFacts, "brightness" | "contrast" | "colourfulness" | "meanColour"> {
  /**
   * The largest standard deviation of a channel, 0 to 127.5: 0 where all pixels have one colour.
   */
  readonly spread: number;
}

/** Measures every pixel once; luma is that of ITU-R BT.601. */
export function measurePixels({ channels, pixels }: PixelImage): PixelMeasures {
  const [green, blue] = channels === 3 ? [1, 2] : [0, 0];
  const sums = [0, 0, 0];
  const squares = [0, 0, 0];
  let lumaSquares = 0;
  let differences = 0;
  for (let at = 0; at < pixels.length; at += channels) {
    const [r, g, b] = [pixels[at]!, pixels[at + green]!, pixels[at + blue]!];
    sums[0]! += r;
    sums[1]! += g;
    sums[2]! += b;
    squares[0]! += r * r;
    squares[1]! += g * g;
    squares[2]! += b * b;
    lumaSquares += luma(r, g, b) ** 2;
    differences += Math.max(r, g, b) - Math.min(r, g, b);
  }
  const count = pixels.length / channels;
  const [red, green8, blue8] = sums.map((sum) => sum / count) as [number, number, number]; // three sums
  const brightness = luma(red, green8, blue8);
  return {
    brightness,
    contrast: deviation(lumaSquares / count, brightness),
    colourfulness: differences / count,
    meanColour: [red, green8, blue8],
    spread: Math.max(...squares.map((sum, channel) => deviation(sum / count, sums[channel]! / count))),
  };
}

function luma(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** sqrt(E[x^2] - E[x]^2); rounding can make the difference a little negative. */
function deviation(meanOfSquares: number, mean: number): number {
  return Math.sqrt(Math.max(0, meanOfSquares - mean * mean));
}
