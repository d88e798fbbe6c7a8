/** Picture files that are broken in different ways, made when they are asked for. */
import sharp, { type Sharp } from "sharp";

function noisy(side: number): Sharp {
  const noise = { type: "gaussian", mean: 120, sigma: 40 } as const;
  return sharp({ create: { width: side, height: side, channels: 3, background: "#808080", noise } });
}

/** Bytes by what is wrong with them: headers, pixels, ends, in each format, and no pictures. */
export async function makeBrokenPictures(side = 96): Promise<Readonly<Record<string, Uint8Array>>> {
  const [jpeg, png, gif, webp, tiff, avif] = await Promise.all([
    noisy(side).jpeg().toBuffer(),
    noisy(side).png().toBuffer(),
    noisy(side).gif().toBuffer(),
    noisy(side).webp().toBuffer(),
    noisy(side).tiff({ compression: "deflate" }).toBuffer(),
    noisy(side).avif().toBuffer(),
  ]);
  return {
    "jpeg-cut": jpeg.subarray(0, jpeg.length >> 1),
    "jpeg-tables": damaged(jpeg, jpeg.indexOf("ffc4", 0, "hex") + 5, 24),
    "png-cut": png.subarray(0, png.length >> 1),
    "png-pixels": damaged(png, png.length >> 1, 1),
    "png-header": damaged(png, 24, 1),
    "gif-cut": gif.subarray(0, gif.length >> 1),
    "webp-cut": webp.subarray(0, webp.length >> 1),
    "webp-header": damaged(webp, 20, 12),
    "tiff-cut": tiff.subarray(0, tiff.length >> 1),
    "tiff-pixels": damaged(tiff, 40, 60),
    "avif-cut": avif.subarray(0, avif.length - 40),
    "avif-pixels": damaged(avif, avif.length - 900, 600),
    text: Buffer.from("no picture"),
    empty: new Uint8Array(),
  };
}

function damaged(bytes: Uint8Array, at: number, length: number): Uint8Array {
  return Uint8Array.from(bytes, (byte, index) => (index >= at && index < at + length ? byte ^ 0xff : byte));
}
