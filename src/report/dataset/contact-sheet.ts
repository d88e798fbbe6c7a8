/** Pictures side by side in one PNG, each with a caption below it. */
import sharp from "sharp";
import { AppError } from "../../base/errors.ts";
import { type PixelImage, pictureLimits } from "../../image/decode.ts";
import { lineOfText, textStrip } from "../../image/text-strip.ts";

/** A picture as `[height, width, channels]` uint8, and what to write below it. */
export interface CaptionedPicture extends PixelImage {
  readonly caption: string;
}

export interface ContactSheetOptions {
  /** In reading order; they may differ in size. */
  readonly pictures: readonly CaptionedPicture[];
  /** How many stand in a row, from 1. */
  readonly columns: number;
  /** Every pixel becomes a square of this side, from 1; 1 unless given. */
  readonly scale?: number;
}

/** Where the picture of a cell begins on the sheet, and how large the cells are, all in pixels. */
interface SheetLayout {
  readonly columns: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly width: number;
  readonly height: number;
  leftOf(index: number): number;
  topOf(index: number): number;
}

const marginPx = 12;
const gapPx = 8;
const captionFontPx = 11;
const captionHeightPx = 18;
/** cairo, which draws the captions, has no larger pictures. */
const maxSidePx = 32_767;

/**
 * The bytes of a PNG, RGB on white: 12 pixels of margin, cells as large as the largest picture,
 * below each 18 pixels for its caption, 8 pixels between. Captions are shortened to the width of
 * their cell; where no font is installed they stay empty.
 * Errors: CONFIG_INVALID for columns or scale that are no whole numbers from 1; IMAGE_SIZE for no
 * pictures, for pixels that do not fit width, height and channels, and for a sheet of more than 100
 * megapixels or 32,767 pixels a side.
 */
export async function renderContactSheet(options: ContactSheetOptions): Promise<Uint8Array> {
  const { pictures, scale = 1 } = options;
  const layout = sheetLayout(options);
  const { width, height, columns, cellHeight } = layout;
  const sheet = new Uint8Array(width * height * 3).fill(255);
  pictures.forEach((picture, index) => {
    drawPicture(sheet, width, picture, scale, layout.leftOf(index), layout.topOf(index));
  });
  const captions = Array.from({ length: Math.ceil(pictures.length / columns) }, (_, row) => ({
    input: captionStrip(pictures.slice(row * columns, (row + 1) * columns), layout),
    left: 0,
    top: layout.topOf(row * columns) + cellHeight,
  }));
  const png = await sharp(sheet, { raw: { width, height, channels: 3 } })
    .composite(captions)
    .removeAlpha()
    .png()
    .toBuffer();
  return new Uint8Array(png);
}

/**
 * The geometry of a sheet: cells are as large as the largest picture. Errors: those of
 * `renderContactSheet`.
 */
function sheetLayout({ pictures, columns, scale = 1 }: ContactSheetOptions): SheetLayout {
  requireFromOne("columns", columns);
  requireFromOne("scale", scale);
  for (const picture of pictures) requirePixels(picture);
  const across = Math.min(columns, pictures.length);
  const cellWidth = scale * pictures.reduce((max, { width }) => Math.max(max, width), 0);
  const cellHeight = scale * pictures.reduce((max, { height }) => Math.max(max, height), 0);
  const pitchX = cellWidth + gapPx;
  const pitchY = cellHeight + captionHeightPx + gapPx;
  const width = 2 * marginPx + across * pitchX - gapPx;
  const height = 2 * marginPx + Math.ceil(pictures.length / columns) * pitchY - gapPx;
  if (pictures.length === 0 || Math.max(width, height) > maxSidePx || width * height > pictureLimits.pixels) {
    throw new AppError("IMAGE_SIZE", {
      required: `a sheet of at least one picture, at most ${pictureLimits.pixels / 1e6} million pixels and ${maxSidePx} a side`,
      received: pictures.length === 0 ? "no pictures" : `${pictures.length} pictures: ${width} x ${height} pixels`,
      hint: "fewer or smaller pictures, or more columns",
    });
  }
  return {
    columns,
    cellWidth,
    cellHeight,
    width,
    height,
    leftOf: (index) => marginPx + (index % columns) * pitchX,
    topOf: (index) => marginPx + Math.floor(index / columns) * pitchY,
  };
}

/**
 * Each pixel as a square: what is drawn is what the network sees, without a kernel that smooths it.
 */
function drawPicture(
  sheet: Uint8Array,
  sheetWidth: number,
  { width, height, channels, pixels }: PixelImage,
  scale: number,
  left: number,
  top: number,
): void {
  const [green, blue] = channels === 3 ? [1, 2] : [0, 0];
  for (let y = 0; y < height * scale; y++) {
    const row = Math.floor(y / scale) * width;
    let at = ((top + y) * sheetWidth + left) * 3;
    for (let x = 0; x < width * scale; x++) {
      const from = (row + Math.floor(x / scale)) * channels;
      sheet[at++] = pixels[from]!;
      sheet[at++] = pixels[from + green]!;
      sheet[at++] = pixels[from + blue]!;
    }
  }
}

/** The captions of one row as an SVG as wide as the sheet; each is clipped to its cell. */
function captionStrip(pictures: readonly CaptionedPicture[], { width, cellWidth, leftOf }: SheetLayout): Buffer {
  const lines = pictures.map(({ caption: text }, column) =>
    lineOfText({ text, left: leftOf(column), top: 0, width: cellWidth, fontPx: captionFontPx }),
  );
  return textStrip({ width, height: captionHeightPx }, lines);
}

function requireFromOne(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new AppError("CONFIG_INVALID", {
    required: `a whole number from 1 for ${name} of a contact sheet`,
    received: `${value}`,
  });
}

function requirePixels({ width, height, channels, pixels, caption }: CaptionedPicture): void {
  const count = width * height * channels;
  if (Number.isSafeInteger(count) && width >= 1 && height >= 1 && pixels.length === count) return;
  throw new AppError("IMAGE_SIZE", {
    required: "height x width x channels pixel values, and at least one",
    received: `${pixels.length} values for ${height} x ${width} x ${channels}`,
    where: caption,
  });
}
