/** The first directory of a TIFF file: what it states of its picture, no value of it trusted. */

/** Tags of TIFF 6.0 and its extensions, by their names there. */
export const tiffTag = {
  newSubfileType: 254,
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  make: 271,
  stripOffsets: 273,
  samplesPerPixel: 277,
  stripByteCounts: 279,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  subDirectories: 330,
  sampleFormat: 339,
  dngVersion: 50706,
} as const;

export interface TiffDirectory {
  /** True where the directory, or a value of it, would lie behind the end of the file. */
  readonly isCut: boolean;
  /** How many values a field has; 0 where it is absent, or where they are cut off. */
  count(tag: number): number;
  /** A value of a field of whole numbers; undefined where there is none at this index. */
  number(tag: number, index?: number): number | undefined;
  /** The characters of a text; empty where it is absent. */
  text(tag: number): string;
}

interface Field {
  readonly type: number;
  readonly count: number;
  readonly at: number;
}

/**
 * Bytes of a value of each type: BYTE to DOUBLE (1 to 12), IFD (13), LONG8, SLONG8 and IFD8 (16 to
 * 18).
 */
const valueBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
/** Some twenty times what scanners and cameras write. */
const maximumEntries = 4096;

/**
 * Reads the first directory (TIFF 6.0, section 2, and BigTIFF); undefined where the header is of
 * neither. Only fields that lie inside the file are kept.
 */
export function readTiffDirectory(bytes: Uint8Array): TiffDirectory | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 4) return undefined;
  const isLittle = view.getUint8(0) === 0x49;
  const version = view.getUint16(2, isLittle);
  if (version !== 42 && version !== 43) return undefined;
  const isBig = version === 43;
  const fits = (at: number, length: number): boolean => at + length <= view.byteLength;
  const integer = (at: number, length: number): number => {
    if (length === 1) return view.getUint8(at);
    if (length === 2) return view.getUint16(at, isLittle);
    return length === 4 ? view.getUint32(at, isLittle) : Number(view.getBigUint64(at, isLittle));
  };

  const fields = new Map<number, Field>();
  const wordBytes = isBig ? 8 : 4;
  const entryBytes = isBig ? 20 : 12;
  const readFields = (): boolean => {
    if (!fits(wordBytes, wordBytes)) return false;
    const start = integer(wordBytes, wordBytes);
    const countBytes = isBig ? 8 : 2;
    if (!fits(start, countBytes)) return false;
    const entries = integer(start, countBytes);
    if (entries > maximumEntries || !fits(start + countBytes, entryBytes * entries)) return false;
    let isWhole = true;
    for (let entry = 0; entry < entries; entry++) {
      const at = start + countBytes + entryBytes * entry;
      const type = integer(at + 2, 2);
      const count = integer(at + 4, wordBytes);
      const length = count * (valueBytes[type] ?? 0);
      const place = at + 4 + wordBytes;
      const valueAt = length <= wordBytes ? place : integer(place, wordBytes);
      if (fits(valueAt, length)) fields.set(integer(at, 2), { type, count, at: valueAt });
      else isWhole = false;
    }
    return isWhole;
  };
  const isCut = !readFields();

  return {
    isCut,
    count: (tag) => fields.get(tag)?.count ?? 0,
    number: (tag, index = 0) => {
      const field = fields.get(tag);
      if (field === undefined || index >= field.count) return undefined;
      const isWholeNumber = [1, 3, 4, 13, 16, 18].includes(field.type);
      const length = valueBytes[field.type]!;
      return isWholeNumber ? integer(field.at + index * length, length) : undefined;
    },
    text: (tag) => {
      const field = fields.get(tag);
      if (field?.type !== 2) return "";
      const length = Math.min(field.count, 200);
      return Buffer.from(bytes.buffer, bytes.byteOffset + field.at, length)
        .toString("latin1")
        .replace(/\0.*$/s, "");
    },
  };
}
