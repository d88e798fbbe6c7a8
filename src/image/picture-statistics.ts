/**
 * What a picture looks like in a few numbers, by which pictures of a service are compared with those
 * that a model was evaluated on.
 */
import type { PixelImage } from "./decode.ts";

/** Changes with the meaning of any statistic: values of two versions cannot be compared. */
export const pictureStatisticsVersion = 1;

/** The statistics of a picture's pixels; the last three need colour. */
const pixelStatistics = ["brightness", "contrast", "sharpness", "saturation", "redGreen", "blueYellow"] as const;
/** The statistics of the file's header. */
const sizeStatistics = ["width", "height", "aspect"] as const;

export const pictureStatisticNames = [...pixelStatistics, ...sizeStatistics] as const;

export type PictureStatisticName = (typeof pictureStatisticNames)[number];

/**
 * float32 values. Sizes are those of the file's header, where they are known; the statistics of
 * colour are left out for grey pictures.
 */
export type PictureStatistics = Readonly<Partial<Record<PictureStatisticName, number>>>;

/** Longest side of the copy that is measured. */
const measuredSide = 96;

/**
 * Statistics of the pixels under a bundle's recipe, so that packing and serving measure the same
 * thing and nothing is decoded twice; of a copy of at most 96 pixels a side, by averaging blocks.
 *
 * - brightness: mean luma, 0 to 255 (Rec. 601: 0.299 R + 0.587 G + 0.114 B)
 * - contrast: standard deviation of luma (Peli, Journal of the Optical Society of America A 7, 1990)
 * - sharpness: variance of luma's Laplacian [0 1 0; 1 -4 1; 0 1 0] (Pech-Pacheco et al., ICPR 2000),
 *   as ln(1 + variance), since it spans several powers of ten
 * - saturation: mean of (max - min) / max over R, G and B, 0 to 1 (Smith, SIGGRAPH 1978)
 * - redGreen, blueYellow: means of R - G and B - (R + G) / 2 (the opponent axes of Hasler and
 *   Suesstrunk, SPIE 5007, 2003); unlike a mean hue they have no jump at red and no noise at grey
 * - width, height: pixels of the file as its header gives them; aspect: ln(width / height)
 *
 * Measured: 45 microseconds for 64 x 64 pixels, 180 for 128 x 128, 430 for 224 x 224, where decoding
 * and resizing a JPEG of 800 x 600 to these sizes took 1,700 to 3,000.
 */
export function pictureStatistics(
  image: PixelImage,
  stored?: { readonly width: number; readonly height: number },
): PictureStatistics {
  const { width, height, channels, pixels } = shrink(image);
  const count = width * height;
  const luma = channels === 1 ? new Float32Array(pixels) : new Float32Array(count);
  let [red, green, blue, saturation] = [0, 0, 0, 0];
  if (channels === 3) {
    for (let at = 0; at < count; at++) {
      const r = pixels[at * 3]!;
      const g = pixels[at * 3 + 1]!;
      const b = pixels[at * 3 + 2]!;
      luma[at] = 0.299 * r + 0.587 * g + 0.114 * b;
      red += r;
      green += g;
      blue += b;
      const most = r > g ? (r > b ? r : b) : g > b ? g : b;
      const least = r < g ? (r < b ? r : b) : g < b ? g : b;
      if (most > 0) saturation += (most - least) / most;
    }
  }
  let sum = 0;
  for (let at = 0; at < count; at++) sum += luma[at]!;
  const mean = sum / count;
  let squares = 0;
  for (let at = 0; at < count; at++) {
    const difference = luma[at]! - mean;
    squares += difference * difference;
  }
  return {
    brightness: Math.fround(mean),
    contrast: Math.fround(Math.sqrt(squares / count)),
    sharpness: Math.fround(Math.log1p(laplacianVariance(luma, width, height))),
    ...(channels === 3 && {
      saturation: Math.fround(saturation / count),
      redGreen: Math.fround((red - green) / count),
      blueYellow: Math.fround((blue - (red + green) / 2) / count),
    }),
    ...(stored && {
      width: stored.width,
      height: stored.height,
      aspect: Math.fround(Math.log(stored.width / stored.height)),
    }),
  };
}

/** Blocks of k x k pixels become their mean, k the least that makes the longest side short enough. */
function shrink(image: PixelImage): PixelImage {
  const { channels, pixels } = image;
  const block = Math.ceil(Math.max(image.width, image.height) / measuredSide);
  if (block === 1) return image;
  // Pixels at the right and lower edge that fill no block are left out, unless they are all there is.
  const width = Math.max(1, Math.floor(image.width / block));
  const height = Math.max(1, Math.floor(image.height / block));
  const blockWidth = Math.min(block, image.width);
  const blockHeight = Math.min(block, image.height);
  const area = blockWidth * blockHeight;
  const sums = new Uint32Array(width * channels);
  const into = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let row = y * block; row < y * block + blockHeight; row++) {
      let from = row * image.width * channels;
      for (let x = 0; x < sums.length; x += channels) {
        for (let column = 0; column < blockWidth; column++) {
          for (let channel = 0; channel < channels; channel++) sums[x + channel]! += pixels[from++]!;
        }
      }
    }
    for (let at = 0; at < sums.length; at++) into[y * sums.length + at] = sums[at]! / area + 0.5;
  }
  return { width, height, channels, pixels: into };
}

/** Of the pixels that have four neighbours; 0 for a picture of fewer than 3 pixels a side. */
function laplacianVariance(luma: Float32Array, width: number, height: number): number {
  const count = Math.max(0, width - 2) * Math.max(0, height - 2);
  let [sum, squares] = [0, 0];
  for (let y = 1; y < height - 1; y++) {
    const end = (y + 1) * width - 1;
    for (let at = y * width + 1; at < end; at++) {
      const value = luma[at - width]! + luma[at + width]! + luma[at - 1]! + luma[at + 1]! - 4 * luma[at]!;
      sum += value;
      squares += value * value;
    }
  }
  return count === 0 ? 0 : Math.max(0, squares / count - (sum / count) ** 2);
}
