/** The header of an AVIF file: what it says of its pictures, no field of it trusted. */

export interface AvifHeader {
  /** Of the largest picture in the file: the tiles of a grid are smaller than the whole. */
  readonly width: number;
  readonly height: number;
  /** Of a channel; the most of any picture. */
  readonly bits: 8 | 10 | 12;
}

/** Boxes on the way to the properties, with the bytes that stand in front of the boxes inside. */
const parents: Readonly<Record<string, number>> = { meta: 4, iprp: 0, ipco: 0 };
/** Some hundred times what encoders write. */
const maximumBoxes = 4096;

/**
 * Looks through the properties of all items (ISO/IEC 23008-12, 6.5.3, `ispe`; AV1 Codec ISO Media
 * File Format Binding, 2.3, `av1C`). Undefined where no size is stated.
 */
export function readAvifHeader(bytes: Uint8Array): AvifHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [width, height, bits]: [number, number, AvifHeader["bits"]] = [0, 0, 8];
  let left = maximumBoxes;
  const walk = (start: number, end: number): void => {
    for (let at = start; at + 8 <= end && left-- > 0; ) {
      const { type, from, to } = boxAt(view, at, end);
      const inside = parents[type];
      if (inside !== undefined) walk(from + inside, to);
      if (type === "ispe" && from + 12 <= to) {
        const [w, h] = [view.getUint32(from + 4), view.getUint32(from + 8)];
        if (w * h > width * height) [width, height] = [w, h];
      }
      if (type === "av1C" && from + 3 <= to) {
        const flags = view.getUint8(from + 2);
        const isHigh = (flags & 0x40) !== 0;
        const isTwelve = (flags & 0x20) !== 0;
        if (isHigh && bits < 12) bits = isTwelve ? 12 : 10;
      }
      at = to;
    }
  };
  walk(0, view.byteLength);
  return width * height < 1 ? undefined : { width, height, bits };
}

/** A box of ISO/IEC 14496-12, 4.2; one that is said to be longer than its parent ends with it. */
function boxAt(view: DataView, at: number, end: number) {
  const size = view.getUint32(at);
  const type = String.fromCharCode(...[4, 5, 6, 7].map((offset) => view.getUint8(at + offset)));
  const isLong = size === 1 && at + 16 <= end;
  const length = isLong ? Number(view.getBigUint64(at + 8)) : size === 0 ? end - at : size;
  return { type, from: at + (isLong ? 16 : 8), to: Math.min(end, at + Math.max(8, length)) };
}
