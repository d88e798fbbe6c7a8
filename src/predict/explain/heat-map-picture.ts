/** Heat maps to look at: a PNG of the picture as the model sees it, with the heat laid over it. */
import type { Sharp } from "sharp";
import sharp from "sharp";
import { AppError } from "../../base/errors.ts";
import { heatColour } from "../../image/colour-scale.ts";
import { type Recipe, recipeSizeBytes } from "../../image/recipe.ts";
import type { HeatMap, PixelSize } from "./heat-map.ts";

export interface HeatMapPictureOptions {
  /** How far the hottest place covers the picture, 0 to 1; 0.8 unless given. */
  readonly opacity?: number;
  /**
   * The result's shorter side is at least so long, 1 to 4096; 256 unless given. A picture that is
   * larger keeps its size.
   */
  readonly minimumSidePx?: number;
}

/** How much of its own colour the picture keeps, so that an orange cat is not taken for heat. */
const saturation = 0.35;

/**
 * The bytes of a PNG, RGB: the picture enlarged smoothly and paled, hot places in the colours of
 * `heatColour`, places without heat left clear. `pixels` are uint8 `[height,width,channels]` as the
 * recipe says, RGB or grey.
 * Errors: EXECUTION_INPUT for pixels or a heat map of another size; CONFIG_INVALID for an option
 * out of range.
 */
export async function drawHeatMap(
  pixels: Uint8Array,
  recipe: Pick<Recipe, "width" | "height" | "channels">,
  heat: HeatMap,
  { opacity = 0.8, minimumSidePx = 256 }: HeatMapPictureOptions = {},
): Promise<Uint8Array> {
  requireSizes(pixels, recipe, heat);
  requireRange("opacity", opacity, 0, 1);
  requireRange("minimumSidePx", minimumSidePx, 1, 4096);
  const { width, height, channels } = recipe;
  const scale = Math.max(1, minimumSidePx / Math.min(width, height));
  const size = { width: Math.ceil(width * scale), height: Math.ceil(height * scale) };
  const levels = Buffer.from(heat.values.map((value) => Math.round(value * 255)));
  const [base, heights] = await Promise.all([
    enlargedBytes(sharp(pixels, { raw: { width, height, channels } }).toColourspace("srgb"), size),
    enlargedBytes(sharp(levels, { raw: { width, height, channels: 1 } }).toColourspace("b-w"), size),
  ]);
  const blended = blend(base, heights, opacity);
  const png = await sharp(blended, { raw: { ...size, channels: 3 } })
    .png()
    .toBuffer();
  return new Uint8Array(png);
}

function enlargedBytes(picture: Sharp, { width, height }: PixelSize): Promise<Uint8Array> {
  return picture.resize({ width, height, fit: "fill", kernel: "cubic" }).raw().toBuffer();
}

/**
 * `base` `[pixels,3]` under heat `[pixels]`, 0 to 255: each pixel is covered as far as it is hot.
 */
function blend(base: Uint8Array, heat: Uint8Array, opacity: number): Uint8Array {
  const colours = Array.from({ length: 256 }, (_, level) => heatColour(level / 255));
  const result = new Uint8Array(base.length);
  for (let at = 0; at < base.length; at += 3) {
    const level = heat[at / 3]!;
    const cover = (opacity * level) / 255;
    // Luma as ITU-R BT.601 weighs it.
    const grey = 0.299 * base[at]! + 0.587 * base[at + 1]! + 0.114 * base[at + 2]!;
    for (let channel = 0; channel < 3; channel++) {
      const pale = grey + saturation * (base[at + channel]! - grey);
      result[at + channel] = Math.round(pale + cover * (colours[level]![channel]! - pale));
    }
  }
  return result;
}

function requireSizes(pixels: Uint8Array, recipe: Pick<Recipe, "width" | "height" | "channels">, heat: HeatMap): void {
  const { width, height, channels } = recipe;
  if (pixels.length !== recipeSizeBytes(recipe)) {
    throw new AppError("EXECUTION_INPUT", {
      required: `one picture of ${height} x ${width} x ${channels} bytes (height, width, channels)`,
      received: `${pixels.length} bytes`,
    });
  }
  if (heat.width === width && heat.height === height && heat.values.length === width * height) return;
  throw new AppError("EXECUTION_INPUT", {
    required: `a heat map of the picture's ${width} x ${height} pixels`,
    received: `${heat.width} x ${heat.height} with ${heat.values.length} values`,
  });
}

function requireRange(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new AppError("CONFIG_INVALID", {
    required: `a number from ${least} to ${most} for ${name}`,
    received: String(value),
  });
}
