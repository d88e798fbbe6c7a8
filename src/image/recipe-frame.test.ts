import sharp from "sharp";
import { expect, it } from "vitest";
import { applyRecipe } from "./apply-recipe.ts";
import { type RecipeFit, recipeFits } from "./recipe.ts";
import { recipeFrame } from "./recipe-frame.ts";

const sizes = [
  { width: 300, height: 100 },
  { width: 90, height: 240 },
  { width: 120, height: 120 },
];

it.each(recipeFits.flatMap((fit) => sizes.map((size) => [fit, size] as const)))(
  "leads back from the recipe's pixels to the picture: %s, %j",
  async (fit: RecipeFit, { width, height }) => {
    const recipe = { width: 40, height: 32, channels: 1, fit, kernel: "linear", background: [0, 0, 0] } as const;
    // A white spot near the middle, which every recipe keeps.
    const spot = { left: Math.round(width * 0.55), top: Math.round(height * 0.42), side: 12 };
    const square = await sharp({ create: { width: spot.side, height: spot.side, channels: 3, background: "#fff" } })
      .png()
      .toBuffer();
    const picture = await sharp({ create: { width, height, channels: 3, background: "#000" } })
      .composite([{ input: square, left: spot.left, top: spot.top }])
      .png()
      .toBuffer();
    const pixels = await applyRecipe(picture, recipe);
    let [sum, x, y] = [0, 0, 0];
    pixels.forEach((level, at) => {
      sum += level;
      x += level * ((at % recipe.width) + 0.5);
      y += level * (Math.floor(at / recipe.width) + 0.5);
    });
    const frame = recipeFrame(recipe, { width, height });
    // One pixel of the recipe: what rounding of sizes and cuts may come to.
    const slack = frame.width / recipe.width;
    const found = [
      frame.left + (x / sum / recipe.width) * frame.width,
      frame.top + (y / sum / recipe.height) * frame.height,
    ] as const;
    expect(Math.abs(found[0] - spot.left - spot.side / 2)).toBeLessThan(slack);
    expect(Math.abs(found[1] - spot.top - spot.side / 2)).toBeLessThan(slack);
  },
);
