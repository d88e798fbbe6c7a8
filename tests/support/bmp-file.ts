/** Writes small BMP files of any kind, from what they should hold. */

type Rgb = readonly [red: number, green: number, blue: number];

export interface BmpOptions {
  readonly bits: 1 | 2 | 4 | 8 | 16 | 24 | 32;
  readonly palette?: readonly Rgb[];
  /** Rows from the top: indices of the palette, colours (24 bits), or pixels as numbers (16, 32). */
  readonly indices?: readonly (readonly number[])[];
  readonly colours?: readonly (readonly Rgb[])[];
  readonly values?: readonly (readonly number[])[];
  /** Run-length codes, with the size they fill. */
  readonly runs?: readonly number[];
  readonly width?: number;
  readonly height?: number;
  /** Red, green, blue and alpha. */
  readonly masks?: readonly number[];
  readonly headerBytes?: 12 | 40 | 52 | 56 | 64 | 108 | 124;
  readonly isTopDown?: boolean;
}

export function makeBmp(options: BmpOptions): Buffer {
  const { bits, palette = [], runs, masks, headerBytes = 40, isTopDown = false } = options;
  const rows = options.indices ?? options.colours ?? options.values ?? [];
  const width = options.width ?? rows[0]!.length;
  const height = options.height ?? rows.length;
  const isCore = headerBytes === 12;
  // The codes of 1 and 2 bits have room for fewer colours than a palette may have.
  const colours = isCore ? Array.from({ length: 2 ** bits }, (_, at) => palette[at] ?? [0, 0, 0]) : palette;
  const header = Buffer.alloc(14 + headerBytes);
  header.write("BM", "latin1");
  header.writeUInt32LE(headerBytes, 14);
  if (isCore) {
    [width, height, 1, bits].forEach((value, at) => {
      header.writeUInt16LE(value, 18 + 2 * at);
    });
  } else {
    header.writeInt32LE(width, 18);
    header.writeInt32LE(isTopDown ? -height : height, 22);
    header.writeUInt16LE(1, 26);
    header.writeUInt16LE(bits, 28);
    header.writeUInt32LE(masks ? 3 : runs ? (bits === 8 ? 1 : 2) : 0, 30);
    header.writeUInt32LE(palette.length, 46);
  }
  const maskBytes = Buffer.alloc(headerBytes === 40 && masks ? 12 : 0);
  masks?.forEach((mask, at) => {
    const place = 4 * at;
    if (headerBytes > 40) header.writeUInt32LE(mask, 54 + place);
    else if (at < 3) maskBytes.writeUInt32LE(mask, place);
  });
  const table = Buffer.from(bits > 8 ? [] : colours.flatMap(([r, g, b]) => (isCore ? [b, g, r] : [b, g, r, 0])));
  const ordered = isTopDown ? rows : [...rows].reverse();
  const pixels = runs ? Buffer.from(runs) : Buffer.concat(ordered.map((row) => rowBytes(row, bits)));
  const start = header.length + maskBytes.length + table.length;
  header.writeUInt32LE(start, 10);
  header.writeUInt32LE(start + pixels.length, 2);
  return Buffer.concat([header, maskBytes, table, pixels]);
}

function rowBytes(row: readonly (number | Rgb)[], bits: number): Buffer {
  const bytes = Buffer.alloc(Math.ceil((row.length * bits) / 32) * 4);
  row.forEach((pixel, x) => {
    if (typeof pixel !== "number") bytes.set([pixel[2], pixel[1], pixel[0]], x * 3);
    else if (bits === 32) bytes.writeUInt32LE(pixel, x * 4);
    else if (bits === 16) bytes.writeUInt16LE(pixel, x * 2);
    else bytes[(x * bits) >> 3]! |= pixel << (8 - bits - ((x * bits) & 7));
  });
  return bytes;
}
