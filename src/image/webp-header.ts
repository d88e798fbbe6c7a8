/** The header of a WebP file: what it says of its picture, no field of it trusted. */

export interface WebpHeader {
  readonly width: number;
  readonly height: number;
  /** lossy pictures without transparency are decoded row by row, the others as a whole. */
  readonly coding: "lossy" | "whole" | "animated";
}

/**
 * Source: WebP Container Specification; RFC 6386, 9.1 (VP8); WebP Lossless Bitstream Specification,
 * 3 (VP8L). Undefined where the first chunk is none of theirs.
 */
export function readWebpHeader(bytes: Uint8Array): WebpHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 30) return undefined;
  const chunk = view.getUint32(12);
  if (chunk === 0x56503820) {
    const [width, height] = [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
    return { width, height, coding: "lossy" };
  }
  if (chunk === 0x5650384c) {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, coding: "whole" };
  }
  if (chunk !== 0x56503858) return undefined;
  const animation = 0x02;
  const uint24 = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 2 ** 16;
  const coding = (view.getUint8(20) & animation) === 0 ? "whole" : "animated";
  return { width: uint24(24) + 1, height: uint24(27) + 1, coding };
}
