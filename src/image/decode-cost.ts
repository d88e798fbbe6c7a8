/**
 * What it will cost to decode a picture file, from what its header states: a file of a kilobyte can
 * ask for a gigabyte of memory and seconds of a core.
 *
 * Measured with libvips 8.18 on one core, flat and patterned pictures of 25 and 50 million pixels
 * brought to 128 x 128, the worst of each kind; memory as the growth of the process, per pixel:
 *
 *   kind                           memory        time
 *   JPEG, baseline                 0             1.2 ns, and 6 ns a byte of the file
 *   JPEG, progressive              2 B a channel 12 ns (its coefficients are kept)
 *   PNG                            0             4.5 ns
 *   PNG, interlaced                3 to 8 B      19 ns
 *   GIF                            4.8 B         10 ns
 *   WebP, lossy                    0             8 ns
 *   WebP, lossless                 4 B           7 ns
 *   AVIF, 8 bits                   18 B          26 to 51 ns
 *   AVIF, 10 and 12 bits           25 B          100 ns
 *   TIFF in strips                 0             12 ns
 *   TIFF in tiles                  2 rows of tiles
 *
 * To these come up to 1300 rows, which libvips keeps for a picture that is decoded row by row, and
 * what stands between its steps: 1.6 times as much in all where rows are very long.
 */
import { readAvifHeader } from "./avif-header.ts";
import { readBmpHeader } from "./bmp-header.ts";
import { type DeclaredSize, declaredSize, jpegFrameOf, type PictureFormat, sniffFormat } from "./format.ts";
import { readTiffDirectory, tiffTag } from "./tiff-directory.ts";
import { readWebpHeader } from "./webp-header.ts";

export interface DecodeCost {
  /** Undefined where the header states no size. */
  readonly size: DeclaredSize | undefined;
  /** Memory that is held at most while the picture is decoded. */
  readonly heldBytes: number;
  /** About how many milliseconds a core of 2024 works on it. */
  readonly ms: number;
  /** True for the few that need to be kept from taking every core or all memory. */
  readonly isHeavy: boolean;
}

/** More is heavy: a photograph of 12 megapixels, as phones store it, takes 40 ms and 30 MiB at most. */
const lightMs = 100;
export const lightBytes = 64 * 2 ** 20;

interface Coding extends DeclaredSize {
  /** Of the picture as a whole, beside the rows under way. */
  readonly heldBytes: number;
  /** Bytes of a decoded pixel. */
  readonly sampleBytes: number;
  readonly pixelNs: number;
  /** For each byte of the file. */
  readonly byteNs?: number;
}

const rowsKept = 1300;
const betweenSteps = 1.6;
const usualByteNs = 10;

/** Nothing for a file that begins as no picture: no decoder is asked. */
export function decodeCostOf(bytes: Uint8Array): DecodeCost {
  const format = sniffFormat(bytes);
  if (format === undefined) return { size: undefined, heldBytes: 0, ms: 0, isHeavy: false };
  const coding = codingReaders[format](bytes);
  // Decoders may see more in it than is seen here.
  if (coding === undefined) return { size: declaredSize(bytes), heldBytes: lightBytes, ms: lightMs, isHeavy: true };
  const { width, height, sampleBytes, pixelNs, byteNs = usualByteNs } = coding;
  const rowBytes = width * sampleBytes;
  const heldBytes = Math.round(coding.heldBytes + betweenSteps * rowBytes * Math.min(height, rowsKept));
  const ms = (width * height * pixelNs + bytes.byteLength * byteNs) / 1e6;
  return { size: { width, height }, heldBytes, ms, isHeavy: ms >= lightMs || heldBytes >= lightBytes };
}

const codingReaders: Readonly<Record<PictureFormat, (bytes: Uint8Array) => Coding | undefined>> = {
  jpeg: jpegCoding,
  png: pngCoding,
  gif: (bytes) => wholePicture(declaredSize(bytes), { pixelBytes: 5, sampleBytes: 4, pixelNs: 10 }),
  webp: webpCoding,
  tiff: tiffCoding,
  avif: avifCoding,
  bmp: (bytes) => wholePicture(readBmpHeader(bytes), { pixelBytes: 6, sampleBytes: 4, pixelNs: 20 }),
};

/** `pixelBytes` are held for every pixel; none where it is decoded row by row. */
function wholePicture(
  size: DeclaredSize | undefined,
  { pixelBytes, ...rates }: { readonly pixelBytes: number } & Omit<Coding, keyof DeclaredSize | "heldBytes">,
): Coding | undefined {
  if (size === undefined) return undefined;
  const { width, height } = size;
  return { width, height, heldBytes: width * height * pixelBytes, ...rates };
}

/** SOF2, SOF6, SOF10 and SOF14 (ITU-T T.81, table B.1). */
const progressiveMarkers = [0xc2, 0xc6, 0xca, 0xce];

function jpegCoding(bytes: Uint8Array): Coding | undefined {
  const frame = jpegFrameOf(bytes);
  if (frame === undefined) return undefined;
  const { channels } = frame;
  return progressiveMarkers.includes(frame.marker)
    ? wholePicture(frame, { pixelBytes: 2 * channels, sampleBytes: channels, pixelNs: 4 * channels })
    : wholePicture(frame, { pixelBytes: 0, sampleBytes: channels, pixelNs: 1.2, byteNs: 6 });
}

/** By colour type (PNG specification, 11.2.1); a palette may bring transparency. */
const pngChannels: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 4, 4: 2, 6: 4 };

function pngCoding(bytes: Uint8Array): Coding | undefined {
  const size = declaredSize(bytes);
  if (size === undefined || bytes.byteLength < 29) return undefined;
  const sampleBytes = (pngChannels[bytes[25]!] ?? 4) * (bytes[24] === 16 ? 2 : 1);
  const isInterlaced = bytes[28] !== 0;
  return wholePicture(size, {
    pixelBytes: isInterlaced ? sampleBytes : 0,
    sampleBytes,
    pixelNs: isInterlaced ? 5 * sampleBytes : 1.2 * sampleBytes,
  });
}

function webpCoding(bytes: Uint8Array): Coding | undefined {
  const header = readWebpHeader(bytes);
  if (header === undefined) return undefined;
  const pixelBytes = { lossy: 0, whole: 4, animated: 12 }[header.coding];
  return wholePicture(header, { pixelBytes, sampleBytes: 4, pixelNs: 8 });
}

function avifCoding(bytes: Uint8Array): Coding | undefined {
  const header = readAvifHeader(bytes);
  if (header === undefined) return undefined;
  return header.bits === 8
    ? wholePicture(header, { pixelBytes: 18, sampleBytes: 4, pixelNs: 40, byteNs: 120 })
    : wholePicture(header, { pixelBytes: 25, sampleBytes: 8, pixelNs: 90, byteNs: 120 });
}

function tiffCoding(bytes: Uint8Array): Coding | undefined {
  const size = declaredSize(bytes);
  const directory = readTiffDirectory(bytes);
  if (size === undefined || directory === undefined) return undefined;
  const channels = directory.number(tiffTag.samplesPerPixel) ?? 1;
  const bits = directory.number(tiffTag.bitsPerSample) ?? 1;
  // Of a palette, or of other colours, come three.
  const sampleBytes = Math.max(3, channels) * Math.max(1, bits / 8);
  const [tileWidth, tileLength] = [directory.number(tiffTag.tileWidth), directory.number(tiffTag.tileLength)];
  const inStrips = wholePicture(size, { pixelBytes: bits > 16 ? 1.5 * sampleBytes : 0, sampleBytes, pixelNs: 12 });
  if (inStrips === undefined || tileWidth === undefined || tileLength === undefined) return inStrips;
  const rowOfTiles = Math.ceil(size.width / Math.max(1, tileWidth)) * tileWidth * tileLength;
  return { ...inStrips, heldBytes: inStrips.heldBytes + 2 * rowOfTiles * sampleBytes };
}
