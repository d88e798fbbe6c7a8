/** The brands of a file in the ISO base media format: what AVIF, HEIC and MP4 call themselves. */

/**
 * The major brand and the compatible ones of the `ftyp` box (ISO/IEC 14496-12, 4.3); none where the
 * bytes begin with another box.
 */
export function mediaBrands(bytes: Uint8Array): readonly string[] {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 512));
  if (start.length < 12 || start.toString("latin1", 4, 8) !== "ftyp") return [];
  const end = Math.min(start.readUInt32BE(0), start.length);
  const brands = [start.toString("latin1", 8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(start.toString("latin1", at, at + 4));
  return brands;
}

/**
 * Whether it holds pictures in AV1. A file may say only that it holds some pictures (`mif1`); then
 * the kind of its items decides.
 */
export function isAvif(bytes: Uint8Array): boolean {
  const brands = mediaBrands(bytes);
  if (brands.includes("avif") || brands.includes("avis")) return true;
  if (!/^(mif1|miaf|msf1)/.test(brands[0] ?? "")) return false;
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4096)).includes("av01");
}
