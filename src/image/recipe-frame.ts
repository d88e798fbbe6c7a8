/** Where the pixels of a recipe lie in the picture that they were made from. */
import type { Recipe } from "./recipe.ts";

/** In pixels of the picture; parts of it may lie outside. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The part of an upright picture that the recipe's pixels show: the whole for `stretch`, a part in
 * its middle for `cover`, more than the whole (with the bars beside it) for `contain`.
 */
export function recipeFrame(
  recipe: Pick<Recipe, "width" | "height" | "fit">,
  picture: { readonly width: number; readonly height: number },
): Frame {
  if (recipe.fit === "stretch") return { left: 0, top: 0, width: picture.width, height: picture.height };
  const across = picture.width / recipe.width;
  const down = picture.height / recipe.height;
  const scale = recipe.fit === "cover" ? Math.min(across, down) : Math.max(across, down);
  const [width, height] = [recipe.width * scale, recipe.height * scale];
  return { left: (picture.width - width) / 2, top: (picture.height - height) / 2, width, height };
}
