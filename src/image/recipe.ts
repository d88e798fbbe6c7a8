/**
 * The recipe: how any picture becomes the input of a model; the same for packing, training and
 * serving.
 */
import { AppError } from "../base/errors.ts";
import { hintForName } from "../base/nearest.ts";
import type { Colour } from "./decode.ts";

/**
 * cover: fill the frame and cut what stands out; contain: show all and fill the rest; stretch:
 * ignore the aspect ratio.
 */
export const recipeFits = ["cover", "contain", "stretch"] as const;
/** How a picture of another shape fills the recipe's size. */
export type RecipeFit = (typeof recipeFits)[number];

/** Resize kernels by libvips' names. Used for downsizing; upsizing uses the nearest equivalent. */
const recipeKernels = ["nearest", "linear", "cubic", "mitchell", "lanczos2", "lanczos3"] as const;
/** The resampling filter. */
export type RecipeKernel = (typeof recipeKernels)[number];

/** Plain JSON, stored in packs and bundles as it is. */
export interface Recipe {
  /** Pixels, 1 to 4096. */
  readonly width: number;
  readonly height: number;
  /** 3 is sRGB, 1 is grey. */
  readonly channels: 1 | 3;
  readonly fit: RecipeFit;
  readonly kernel: RecipeKernel;
  /** Stands under transparency and beside a contained picture; white where it is left out. */
  readonly background?: Colour;
}

const maximumSide = 4096;

/** How many bytes one picture has under the recipe. */
export function recipeSizeBytes({ width, height, channels }: Pick<Recipe, "width" | "height" | "channels">): number {
  return width * height * channels;
}

const checks: Readonly<Record<keyof Recipe, readonly [required: string, holds: (value: unknown) => boolean]>> = {
  width: [`a whole number of pixels from 1 to ${maximumSide}`, isSide],
  height: [`a whole number of pixels from 1 to ${maximumSide}`, isSide],
  channels: ["1 (grey) or 3 (sRGB)", (value) => value === 1 || value === 3],
  fit: [`one of ${recipeFits.join(", ")}`, (value) => isOneOf(recipeFits, value)],
  kernel: [`one of ${recipeKernels.join(", ")}`, (value) => isOneOf(recipeKernels, value)],
  background: [
    "three whole numbers from 0 to 255 (red, green, blue)",
    (value) => value === undefined || isColour(value),
  ],
};

/**
 * Reads a recipe that came from outside: a bundle's metadata, a configuration, a request.
 * Errors: RECIPE_INVALID for a field that is missing, out of range or unknown.
 */
export function parseRecipe(value: unknown): Recipe {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid("a recipe: an object with width, height, channels, fit and kernel", value);
  }
  const fields = { ...value };
  requireRecipe(fields);
  const { width, height, channels, fit, kernel, background } = fields;
  return Object.freeze({ width, height, channels, fit, kernel, ...(background && { background }) });
}

function requireRecipe(
  fields: Readonly<Record<string, unknown>>,
): asserts fields is Readonly<Record<string, unknown>> & Recipe {
  for (const name of Object.keys(fields)) {
    if (Object.hasOwn(checks, name)) continue;
    const hint = hintForName(name, Object.keys(checks));
    throw new AppError("RECIPE_INVALID", {
      required: "a known field of a recipe",
      received: `'${name}'`,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  for (const [name, [required, holds]] of Object.entries(checks)) {
    if (!holds(fields[name])) throw invalid(`${required} as a recipe's ${name}`, fields[name]);
  }
}

function invalid(required: string, received: unknown): AppError {
  return new AppError("RECIPE_INVALID", { required, received: JSON.stringify(received) ?? "nothing" });
}

function isSide(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maximumSide;
}

function isOneOf(names: readonly string[], value: unknown): boolean {
  return typeof value === "string" && names.includes(value);
}

function isColour(value: unknown): boolean {
  const isLevel = (level: unknown): boolean => Number.isInteger(level) && Number(level) >= 0 && Number(level) <= 255;
  return Array.isArray(value) && value.length === 3 && value.every(isLevel);
}
