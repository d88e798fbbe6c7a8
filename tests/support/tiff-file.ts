/** Writes small uncompressed TIFFs with any kind of values and any further fields. */

/** Bytes of the types that are written: BYTE, ASCII, SHORT, LONG, LONG8. */
const typeBytes = { 1: 1, 2: 1, 3: 2, 4: 4, 16: 8 } as const;
type Type = keyof typeof typeBytes;
type Field = readonly [tag: number, type: Type, values: readonly number[]];

export interface TiffOptions {
  readonly width?: number;
  readonly height?: number;
  readonly channels?: number;
  readonly bits?: 8 | 16 | 32 | 64;
  /** SampleFormat: 1 whole numbers, 2 signed ones, 3 floating-point. */
  readonly format?: 1 | 2 | 3 | 6;
  readonly photometric?: number;
  readonly value: (index: number) => number;
  /** Further fields; one with a tag that is there takes its place. */
  readonly fields?: readonly Field[];
  readonly isLittle?: boolean;
  readonly isBig?: boolean;
}

export function makeTiff(options: TiffOptions): Buffer {
  const { width = 8, height = 8, channels = 1, bits = 8, format = 1, isLittle = true, isBig = false } = options;
  const { photometric = channels > 2 ? 2 : 1, fields = [] } = options;
  const pixels = Buffer.alloc((width * height * channels * bits) / 8);
  const view = new DataView(pixels.buffer, pixels.byteOffset, pixels.length);
  for (let index = 0; index < width * height * channels; index++) {
    writeValue(view, (index * bits) / 8, options.value(index), bits, format, isLittle);
  }
  const own: readonly Field[] = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, new Array<number>(channels).fill(bits)],
    [259, 3, [1]],
    [262, 3, [photometric]],
    [273, isBig ? 16 : 4, [0]],
    [277, 3, [channels]],
    [278, 4, [height]],
    [279, 4, [pixels.length]],
    [339, 3, new Array<number>(channels).fill(format)],
  ];
  const given = new Set(fields.map(([tag]) => tag));
  const all = [...own.filter(([tag]) => !given.has(tag)), ...fields].sort(([a], [b]) => a - b);
  return Buffer.concat([...directoryOf(all, isLittle, isBig), pixels]);
}

function directoryOf(fields: readonly Field[], isLittle: boolean, isBig: boolean): readonly Buffer[] {
  const [wordBytes, entryBytes, countBytes, start] = isBig ? [8, 20, 8, 16] : [4, 12, 2, 8];
  const head = Buffer.alloc(start);
  const directory = Buffer.alloc(countBytes + entryBytes * fields.length + wordBytes);
  const write = (into: Buffer, at: number, value: number, length: number): void => {
    const view = new DataView(into.buffer, into.byteOffset, into.length);
    if (length === 1) view.setUint8(at, value);
    else if (length === 2) view.setUint16(at, value, isLittle);
    else if (length === 4) view.setUint32(at, value, isLittle);
    else view.setBigUint64(at, BigInt(value), isLittle);
  };
  head.write(isLittle ? "II" : "MM", "latin1");
  write(head, 2, isBig ? 43 : 42, 2);
  if (isBig) write(head, 4, 8, 2);
  write(head, isBig ? 8 : 4, start, wordBytes);
  write(directory, 0, fields.length, countBytes);

  const outside: Buffer[] = [];
  let end = start + directory.length;
  const places = fields.map(([, type, values]) => {
    const length = typeBytes[type] * values.length;
    if (length <= wordBytes) return undefined;
    const place = end;
    end += length;
    return place;
  });
  fields.forEach(([tag, type, values], nth) => {
    const at = countBytes + entryBytes * nth;
    write(directory, at, tag, 2);
    write(directory, at + 2, type, 2);
    write(directory, at + 4, values.length, wordBytes);
    const list = Buffer.alloc(Math.max(wordBytes, typeBytes[type] * values.length));
    const shown = tag === 273 ? [end] : values;
    shown.forEach((value, index) => {
      write(list, index * typeBytes[type], value, typeBytes[type]);
    });
    const place = places[nth];
    if (place === undefined) list.copy(directory, at + 4 + wordBytes);
    else {
      write(directory, at + 4 + wordBytes, place, wordBytes);
      outside.push(list);
    }
  });
  return [head, directory, ...outside];
}

function writeValue(view: DataView, at: number, value: number, bits: number, format: number, isLittle: boolean): void {
  if (format === 3 && bits === 32) view.setFloat32(at, value, isLittle);
  else if (format === 3 && bits === 64) view.setFloat64(at, value, isLittle);
  else if (bits === 8) view.setUint8(at, value);
  else if (bits === 16) view.setUint16(at, value, isLittle);
  else if (bits === 32) view.setUint32(at, value, isLittle);
}
