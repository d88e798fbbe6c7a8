import { execFileSync } from "node:child_process";
import { mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { applyRecipe, applyRecipeToPixels } from "./apply-recipe.ts";
import { readPictureFile } from "./decode.ts";
import { parseRecipe, type Recipe } from "./recipe.ts";

const recipe: Recipe = { width: 4, height: 4, channels: 3, fit: "stretch", kernel: "cubic" };
const pixelAt = (pixels: Uint8Array, at: Recipe, x: number, y: number): number[] => {
  const start = (y * at.width + x) * at.channels;
  return [...pixels.subarray(start, start + at.channels)];
};

/** Left half red, right half blue, lossless. */
async function redBlue(width: number, height: number): Promise<Buffer> {
  const right = await sharp({ create: { width: width / 2, height, channels: 3, background: "#0000ff" } })
    .png()
    .toBuffer();
  return sharp({ create: { width, height, channels: 3, background: "#ff0000" } })
    .composite([{ input: right, left: width / 2, top: 0 }])
    .png()
    .toBuffer();
}

describe("a recipe on a picture file", () => {
  it("keeps the pixels of a picture that has its size already", async () => {
    const pixels = Uint8Array.from({ length: 4 * 4 * 3 }, (_, index) => index * 5);
    const png = await sharp(pixels, { raw: { width: 4, height: 4, channels: 3 } })
      .png()
      .toBuffer();
    expect(await applyRecipe(png, recipe)).toEqual(pixels);
  });

  it("stretches the whole picture into the frame", async () => {
    const pixels = await applyRecipe(await redBlue(80, 20), { ...recipe, kernel: "nearest" });
    expect(pixelAt(pixels, recipe, 0, 0)).toEqual([255, 0, 0]);
    expect(pixelAt(pixels, recipe, 3, 3)).toEqual([0, 0, 255]);
  });

  it("cuts what stands out on both sides when it covers the frame", async () => {
    const tall: Recipe = { ...recipe, width: 2, height: 8, fit: "cover", kernel: "nearest" };
    const pixels = await applyRecipe(await redBlue(80, 16), tall);
    expect(pixelAt(pixels, tall, 0, 4)).toEqual([255, 0, 0]);
    expect(pixelAt(pixels, tall, 1, 4)).toEqual([0, 0, 255]);
  });

  it("fills the rest of the frame with the background when it contains the picture", async () => {
    const green: Recipe = { ...recipe, fit: "contain", kernel: "nearest", background: [0, 255, 0] };
    const pixels = await applyRecipe(await redBlue(80, 40), green);
    expect(pixelAt(pixels, green, 0, 0)).toEqual([0, 255, 0]);
    expect(pixelAt(pixels, green, 0, 1)).toEqual([255, 0, 0]);
    expect(pixelAt(pixels, green, 3, 3)).toEqual([0, 255, 0]);
  });

  it("shows white through transparency unless it names a background", async () => {
    const clear = await sharp({ create: { width: 8, height: 8, channels: 4, background: "#ff000000" } })
      .png()
      .toBuffer();
    expect(pixelAt(await applyRecipe(clear, recipe), recipe, 1, 1)).toEqual([255, 255, 255]);
    const dark: Recipe = { ...recipe, background: [1, 2, 3] };
    expect(pixelAt(await applyRecipe(clear, dark), dark, 1, 1)).toEqual([1, 2, 3]);
  });

  it("gives one channel of luma for grey", async () => {
    const pixels = await applyRecipe(await redBlue(8, 8), { ...recipe, channels: 1 });
    expect(pixels).toHaveLength(16);
  });

  it("gives a file the bytes that its content gives", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pawprint-recipe-"));
    const path = join(folder, "picture with a space.png");
    const bytes = await redBlue(30, 20);
    await writeFile(path, bytes);
    expect(await applyRecipe(await readPictureFile(path), recipe)).toEqual(await applyRecipe(bytes, recipe));
  });

  it("names the file that is not there", async () => {
    await expect(readPictureFile("/no/such.jpg")).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: "Expected a file or folder that exists; got /no/such.jpg",
    });
  });

  it.skipIf(process.platform === "win32")("reads files alone: a pipe or a device may never end", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pawprint-recipe-"));
    const [pipe, link] = [join(folder, "pipe.jpg"), join(folder, "zero.jpg")];
    execFileSync("mkfifo", [pipe]);
    await symlink("/dev/zero", link);
    for (const path of [pipe, link]) {
      await expect(readPictureFile(path)).rejects.toMatchObject({
        code: "FILE_READ_FAILED",
        required: "a regular file",
      });
    }
  });
});

describe("a recipe on pixels", () => {
  const digit = {
    width: 6,
    height: 6,
    channels: 1 as const,
    pixels: Uint8Array.from({ length: 36 }, (_, at) => at * 7),
  };

  it("is the identity where the size fits", async () => {
    const same: Recipe = { ...recipe, width: 6, height: 6, channels: 1 };
    expect(await applyRecipeToPixels(digit, same)).toBe(digit.pixels);
  });

  it.each([
    { ...recipe, width: 3, height: 3, channels: 1 as const },
    { ...recipe, width: 12, height: 12, channels: 3 as const },
    { ...recipe, width: 6, height: 6, channels: 3 as const },
  ])("gives the bytes that a lossless file of them gives: $width x $height x $channels", async (other) => {
    const png = await sharp(digit.pixels, { raw: { width: 6, height: 6, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toBuffer();
    expect(await applyRecipeToPixels(digit, other)).toEqual(await applyRecipe(png, other));
  });

  it("refuses a picture without pixels", async () => {
    const empty = { ...digit, width: 0, pixels: new Uint8Array() };
    await expect(applyRecipeToPixels(empty, recipe, "digit 3")).rejects.toMatchObject({
      code: "IMAGE_SIZE",
      message: "Expected a picture of 1 to 100 million pixels; got 0 x 6 pixels (digit 3)",
    });
  });
});

describe("reading a recipe", () => {
  it("takes what it wrote", () => {
    const full: Recipe = { ...recipe, background: [0, 128, 255] };
    expect(parseRecipe(JSON.parse(JSON.stringify(full)))).toEqual(full);
    expect(parseRecipe(recipe)).toEqual(recipe);
  });

  it.each([
    [{ ...recipe, width: 0 }, "Expected a whole number of pixels from 1 to 4096 as a recipe's width; got 0"],
    [{ ...recipe, height: 2.5 }, "Expected a whole number of pixels from 1 to 4096 as a recipe's height; got 2.5"],
    [{ ...recipe, channels: 4 }, "Expected 1 (grey) or 3 (sRGB) as a recipe's channels; got 4"],
    [{ ...recipe, fit: "fill" }, `Expected one of cover, contain, stretch as a recipe's fit; got "fill"`],
    [
      { ...recipe, kernel: undefined },
      "Expected one of nearest, linear, cubic, mitchell, lanczos2, lanczos3 as a recipe's kernel; got nothing",
    ],
    [
      { ...recipe, background: [0, 0, 256] },
      "Expected three whole numbers from 0 to 255 (red, green, blue) as a recipe's background; got [0,0,256]",
    ],
    [[recipe], /^Expected a recipe: an object with width, height, channels, fit and kernel; got \[/],
    [{ ...recipe, heigth: 4 }, "Expected a known field of a recipe; got 'heigth'"],
  ])("refuses %j", (value, message) => {
    expect(() => parseRecipe(value)).toThrowError(message);
  });

  it("names the field that an unknown one was meant to be", () => {
    const parse = (): unknown => parseRecipe({ ...recipe, heigth: 4 });
    expect(parse).toThrowError(expect.objectContaining({ code: "RECIPE_INVALID", hint: "did you mean height?" }));
  });
});
