/** Writes zip archives for tests, right ones and lying ones. */
import { crc32, deflateRawSync } from "node:zlib";

export interface ZipMember {
  /** Text is written as UTF-8 and declared as such; bytes are written as they are. */
  readonly name: string | Uint8Array;
  readonly content: Uint8Array | string;
  /** Stored as it is, without deflate. */
  readonly stored?: boolean;
  /** What the archive claims, where that is not the truth. */
  readonly claimedSize?: number;
  readonly claimedCrc?: number;
  readonly claimedMethod?: number;
  /** Bits of the general purpose flag besides bit 11. */
  readonly flags?: number;
  /** Info-ZIP's field 0x7075: the name in UTF-8, and the bytes that it says it was made for. */
  readonly unicodeName?: { readonly text: string; readonly madeFor: Uint8Array };
  /** The mode of a file on Unix. */
  readonly unixMode?: number;
}

/**
 * A zip as PKWARE's APPNOTE 6.3 describes it: local headers with data, the central directory, its
 * end record.
 */
export function writeZip(members: readonly ZipMember[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name: given, content, stored, claimedSize, claimedCrc, claimedMethod, ...more } of members) {
    const name = Buffer.from(given);
    const extra = more.unicodeName === undefined ? Buffer.alloc(0) : unicodePath(more.unicodeName);
    const data = Buffer.from(content);
    const packed = stored ? data : deflateRawSync(data);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE((typeof given === "string" ? 0x800 : 0) | (more.flags ?? 0), 2); // bit 11: UTF-8
    fields.writeUInt16LE(claimedMethod ?? (stored ? 0 : 8), 4);
    fields.writeUInt32LE(claimedCrc ?? crc32(data), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(claimedSize ?? data.length, 18);
    fields.writeUInt16LE(name.length, 22);
    fields.writeUInt16LE(extra.length, 24);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, name, extra, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((more.unixMode ?? 0) * 0x10000, 6);
    tail.writeUInt32LE(offset, 10);
    const madeBy = more.unixMode === undefined ? 0 : 3;
    directory.push(Buffer.from("PK\x01\x02\x14"), Buffer.of(madeBy), fields, tail, name, extra);
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, central, Buffer.from("PK\x05\x06"), end]);
}

function unicodePath({ text, madeFor }: { readonly text: string; readonly madeFor: Uint8Array }): Buffer {
  const field = Buffer.alloc(9);
  field.writeUInt16LE(0x7075, 0);
  field.writeUInt16LE(5 + Buffer.byteLength(text), 2);
  field.writeUInt8(1, 4);
  field.writeUInt32LE(crc32(madeFor), 5);
  return Buffer.concat([field, Buffer.from(text)]);
}
