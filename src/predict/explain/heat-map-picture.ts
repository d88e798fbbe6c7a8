/** Heat maps to look at: the picture itself with the heat laid over it, and a caption below. */
import sharp, { type Sharp } from "sharp";
import { AppError } from "../../base/errors.ts";
import { type Colour, decodeThrough, type PixelImage } from "../../image/decode.ts";
import type { Recipe } from "../../image/recipe.ts";
import { type Frame, recipeFrame } from "../../image/recipe-frame.ts";
import { blendHeat, unseenLevel } from "./blend-heat.ts";
import type { HeatMap, PixelSize } from "./heat-map.ts";
import { captionStrip, type HeatMapCaption } from "./heat-map-caption.ts";

/** The drawn picture's longer side is at most so long, so that a huge photograph gives no huge PNG. */
const maximumSidePx = 1024;
/** Smaller pictures are enlarged until their shorter side is so long. */
const minimumSidePx = 256;
/** Pictures up to this size are enlarged pixel by pixel, as the model sees them. */
const pixelatedSidePx = 64;
/** Narrower pictures stand in the middle of a canvas that a caption fits below. */
const minimumCanvasPx = 320;

/**
 * A picture file as heat maps are drawn over it: upright, RGB, in its own aspect ratio, made
 * smaller where it is larger than needed.
 * Errors: IMAGE_UNREADABLE, IMAGE_SIZE.
 */
export function decodeForHeatMap(
  bytes: Uint8Array,
  { background = [255, 255, 255] }: { readonly background?: Colour },
  where: string,
  maximumPixels?: number,
): Promise<PixelImage> {
  const size = { width: maximumSidePx, height: maximumSidePx, fit: "inside", withoutEnlargement: true } as const;
  const options = { channels: 3, background, where, ...(maximumPixels !== undefined && { maximumPixels }) } as const;
  return decodeThrough(bytes, options, (picture) => picture.resize(size));
}

/**
 * The bytes of a PNG, RGB: the picture paled, hot places in the colours of `heatColour`, places
 * without heat left clear; what the recipe cut off paler still, behind a dashed line. Below it the
 * caption with the scale of colours, where there is one. `picture` is the one that the recipe was
 * applied to, or its outcome.
 * Errors: EXECUTION_INPUT for pixels that do not fit their size, or a heat map of another size than
 * the recipe's.
 */
export async function drawHeatMap(
  picture: PixelImage,
  recipe: Pick<Recipe, "width" | "height" | "fit">,
  heat: HeatMap,
  caption?: HeatMapCaption,
): Promise<Uint8Array> {
  requireSizes(picture, recipe, heat);
  const size = drawnSize(picture);
  const frame = recipeFrame(recipe, size);
  const levels = heatLevels(heat, frame, size);
  const drawn = blendHeat(await drawnPixels(picture, size), levels, size);
  const raw = { raw: { ...size, channels: 3 } } as const;
  if (caption === undefined) return bytesOf(sharp(drawn, raw));
  const width = Math.max(size.width, minimumCanvasPx);
  const isCut = levels.includes(unseenLevel);
  const hasEvidence = heat.values.some((value) => value > 0);
  const strip = captionStrip(caption, width, { isCut, hasEvidence });
  const canvas = { width, height: size.height + strip.height, channels: 3, background: "#ffffff" } as const;
  return bytesOf(
    sharp({ create: canvas }).composite([
      { input: drawn, ...raw, left: Math.floor((width - size.width) / 2), top: 0 },
      { input: strip.svg, left: 0, top: size.height },
    ]),
  );
}

async function bytesOf(picture: Sharp): Promise<Uint8Array> {
  return new Uint8Array(await picture.removeAlpha().png().toBuffer());
}

function drawnSize({ width, height }: PixelSize): PixelSize {
  const enlarged = Math.max(1, minimumSidePx / Math.min(width, height));
  const scale = Math.min(enlarged, maximumSidePx / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function drawnPixels({ width, height, channels, pixels }: PixelImage, size: PixelSize): Promise<Uint8Array> {
  const kernel = Math.max(width, height) <= pixelatedSidePx ? "nearest" : "cubic";
  return sharp(pixels, { raw: { width, height, channels } })
    .toColourspace("srgb")
    .resize({ ...size, fit: "fill", kernel })
    .raw()
    .toBuffer();
}

/**
 * Heat for each pixel of a picture of `size`, 0 to 255, between the map's places by linear
 * interpolation; `unseenLevel` outside of the frame that the model saw.
 */
function heatLevels({ width, height, values }: HeatMap, frame: Frame, size: PixelSize): Int16Array {
  const columns = places(size.width, frame.left, frame.width, width);
  const rows = places(size.height, frame.top, frame.height, height);
  const levels = new Int16Array(size.width * size.height).fill(unseenLevel);
  const line = new Float64Array(width);
  for (let y = 0; y < size.height; y++) {
    const row = rows[y];
    if (row === undefined) continue;
    for (let at = 0; at < width; at++) {
      const above = values[row.first * width + at]!;
      line[at] = above + row.share * (values[row.second * width + at]! - above);
    }
    for (let x = 0; x < size.width; x++) {
      const column = columns[x];
      if (column === undefined) continue;
      const left = line[column.first]!;
      levels[y * size.width + x] = Math.round(255 * (left + column.share * (line[column.second]! - left)));
    }
  }
  return levels;
}

interface Place {
  readonly first: number;
  readonly second: number;
  /** Of the second, 0 to 1. */
  readonly share: number;
}

/** For each of `pixels` pixels the two of `count` places that it lies between; undefined outside. */
function places(pixels: number, start: number, length: number, count: number): readonly (Place | undefined)[] {
  return Array.from({ length: pixels }, (_, pixel) => {
    const at = ((pixel + 0.5 - start) * count) / length;
    if (at < 0 || at > count) return undefined;
    const inside = Math.min(Math.max(at - 0.5, 0), count - 1);
    const first = Math.floor(inside);
    return { first, second: Math.min(first + 1, count - 1), share: inside - first };
  });
}

function requireSizes({ width, height, channels, pixels }: PixelImage, recipe: PixelSize, heat: HeatMap): void {
  if (pixels.length !== width * height * channels) {
    throw new AppError("EXECUTION_INPUT", {
      required: `one picture of ${height} x ${width} x ${channels} bytes (height, width, channels)`,
      received: `${pixels.length} bytes`,
    });
  }
  const count = recipe.width * recipe.height;
  if (heat.width === recipe.width && heat.height === recipe.height && heat.values.length === count) return;
  throw new AppError("EXECUTION_INPUT", {
    required: `a heat map of the recipe's ${recipe.width} x ${recipe.height} pixels`,
    received: `${heat.width} x ${heat.height} with ${heat.values.length} values`,
  });
}
