import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { type CaptionedPicture, renderContactSheet } from "./contact-sheet.ts";

const solid = (size: { width: number; height: number }, colour: readonly number[], caption = ""): CaptionedPicture => ({
  ...size,
  channels: colour.length === 1 ? 1 : 3,
  pixels: Uint8Array.from({ length: size.width * size.height * colour.length }, (_, at) => colour[at % colour.length]!),
  caption,
});

async function decode(png: Uint8Array) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const pixel = (x: number, y: number): number[] => {
    const at = (y * info.width + x) * info.channels;
    return [...data.subarray(at, at + info.channels)];
  };
  return { ...info, pixel };
}

/** Bare containers have no fonts; captions are then empty. */
const letter = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text y="16">W</text></svg>';
const hasFont = (await sharp(Buffer.from(letter)).raw().toBuffer()).some((level) => level > 0);
const fontReason = hasFont ? "" : " (skipped: no font is installed)";

describe("a contact sheet", () => {
  it("sets pictures in rows, on white, each as wide as the widest, with room for captions", async () => {
    const size = { width: 20, height: 10 };
    const pictures = [solid(size, [200, 0, 0]), solid(size, [0, 200, 0]), solid(size, [77])];
    const sheet = await decode(await renderContactSheet({ pictures, columns: 2 }));
    expect([sheet.width, sheet.height, sheet.channels]).toEqual([
      12 + 20 + 8 + 20 + 12,
      12 + (10 + 18) + 8 + (10 + 18) + 12,
      3,
    ]);
    const [left, right, top, bottom] = [12, 12 + 28, 12, 12 + 36];
    for (const [x, y] of [
      [0, 0],
      [19, 9],
    ] as const) {
      expect(sheet.pixel(left + x, top + y)).toEqual([200, 0, 0]);
      expect(sheet.pixel(right + x, top + y)).toEqual([0, 200, 0]);
      expect(sheet.pixel(left + x, bottom + y)).toEqual([77, 77, 77]);
    }
    const white = [255, 255, 255];
    expect(sheet.pixel(left + 20, top)).toEqual(white);
    expect(sheet.pixel(left, top + 10)).toEqual(white);
    expect(sheet.pixel(right, bottom)).toEqual(white);
  });

  it("makes a square of every pixel, without smoothing", async () => {
    const pixels = Uint8Array.from([10, 20, 30, 40]);
    const pictures = [{ width: 2, height: 2, channels: 1, pixels, caption: "" } as const];
    const sheet = await decode(await renderContactSheet({ pictures, columns: 4, scale: 3 }));
    expect(sheet.width).toBe(12 + 6 + 12);
    const grey = (x: number, y: number): number => sheet.pixel(12 + x, 12 + y)[0]!;
    expect([grey(0, 0), grey(2, 2), grey(3, 0), grey(5, 2), grey(0, 3), grey(3, 3), grey(5, 5)]).toEqual([
      10, 10, 20, 20, 30, 40, 40,
    ]);
  });

  it("takes pictures of different sizes, and fewer than there are columns", async () => {
    const pictures = [solid({ width: 8, height: 4 }, [1, 2, 3]), solid({ width: 2, height: 6 }, [4, 5, 6])];
    const sheet = await decode(await renderContactSheet({ pictures, columns: 9 }));
    expect([sheet.width, sheet.height]).toEqual([12 + 8 + 8 + 8 + 12, 12 + 6 + 18 + 12]);
    expect(sheet.pixel(12 + 16, 12 + 5)).toEqual([4, 5, 6]);
  });

  it.skipIf(!hasFont)(`writes captions below their cells and never beyond them${fontReason}`, async () => {
    const size = { width: 60, height: 10 };
    const hostile = `</text><rect width="999" height="99" fill="red"/>&\n\u0000\ud83d${"W".repeat(5000)}`;
    const pictures = [solid(size, [0, 0, 0], hostile), solid(size, [0, 0, 0])];
    const sheet = await decode(await renderContactSheet({ pictures, columns: 2 }));
    const isInked = (fromX: number, toX: number): boolean => {
      for (let y = 12 + 10; y < 12 + 28; y++) {
        for (let x = fromX; x < toX; x++) if (sheet.pixel(x, y).some((level) => level < 200)) return true;
      }
      return false;
    };
    expect(isInked(12, 12 + 60)).toBe(true);
    expect(isInked(12 + 60, sheet.width)).toBe(false);
    expect(isInked(0, 12)).toBe(false);
  });

  it("refuses what makes no sheet", async () => {
    const picture = solid({ width: 2, height: 2 }, [0, 0, 0], "cat 1");
    await expect(renderContactSheet({ pictures: [], columns: 2 })).rejects.toMatchObject({
      code: "IMAGE_SIZE",
      received: "no pictures",
    });
    await expect(renderContactSheet({ pictures: [picture], columns: 0 })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: "a whole number from 1 for columns of a contact sheet; got 0",
    });
    await expect(renderContactSheet({ pictures: [picture], columns: 1, scale: 20_000 })).rejects.toMatchObject({
      code: "IMAGE_SIZE",
      received: "1 pictures: 40024 x 40042 pixels",
    });
    const short = { ...picture, pixels: picture.pixels.subarray(1) };
    await expect(renderContactSheet({ pictures: [short], columns: 1 })).rejects.toMatchObject({
      code: "IMAGE_SIZE",
      received: "11 values for 2 x 2 x 3",
      where: "cat 1",
    });
  });
});
