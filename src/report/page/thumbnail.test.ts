import sharp from "sharp";
import { expect, it } from "vitest";
import { thumbnailHtml } from "./thumbnail.ts";

async function picture(width: number, height: number, format: "png" | "jpeg"): Promise<Uint8Array> {
  const drawn = sharp({ create: { width, height, channels: 3, background: "#aaa" } });
  return drawn.toFormat(format).toBuffer();
}

it.each([
  [28, 28, "png", true],
  [32, 20, "jpeg", true],
  [64, 64, "jpeg", true],
  [65, 20, "png", false],
  [20, 112, "jpeg", false],
] as const)("shows %i x %i pixels as %s enlarged pixel by pixel: %s", async (width, height, format, isPixelated) => {
  const image = `${thumbnailHtml(await picture(width, height, format), 'a "cat"')}`;
  expect(image.includes('class="pixelated"')).toBe(isPixelated);
  expect(image).toContain(`src="data:image/${format};base64,`);
  expect(image).toContain('alt="a &#34;cat&#34;"');
});
