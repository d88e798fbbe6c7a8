/** Tells what a picture file is from its first bytes, without a decoder. */

export type PictureFormat = "jpeg" | "png" | "gif" | "webp" | "tiff" | "avif";

/** Name extensions of the formats that can be decoded, lower case, with the dot. */
export const pictureExtensions: ReadonlySet<string> = new Set([
  ".jpg",
  ".jpeg",
  ".jpe",
  ".jfif",
  ".png",
  ".gif",
  ".webp",
  ".tif",
  ".tiff",
  ".avif",
]);

/**
 * The format that the bytes begin as; undefined for anything else. Vector formats (SVG, PDF) are
 * left out on purpose: they are programs, not pictures, and a small one can ask for any amount of
 * work.
 */
export function sniffFormat(bytes: Uint8Array): PictureFormat | undefined {
  const text = (start: number, end: number): string => String.fromCharCode(...bytes.subarray(start, end));
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "jpeg";
  if (text(0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (text(0, 4) === "GIF8") return "gif";
  if (text(0, 4) === "RIFF" && text(8, 12) === "WEBP") return "webp";
  if (["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(text(0, 4))) return "tiff";
  if (text(4, 8) === "ftyp" && ["avif", "avis", "mif1"].includes(text(8, 12))) return "avif";
  return undefined;
}

export interface DeclaredSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The size in pixels that the header of a PNG, GIF or JPEG states, read without trusting anything
 * else in the file; undefined where there is no such header. It explains why a decoder refused a
 * file.
 */
export function declaredSize(bytes: Uint8Array): DeclaredSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = sniffFormat(bytes);
  if (format === "png" && view.byteLength >= 24) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (format === "gif" && view.byteLength >= 10) {
    return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  return format === "jpeg" ? jpegSize(view) : undefined;
}

/**
 * Walks the marker segments to the frame header (ITU-T T.81, B.2.2): SOF0 to SOF15 without DHT, JPG
 * and DAC.
 */
function jpegSize(view: DataView): DeclaredSize | undefined {
  let at = 2;
  while (at + 9 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}
