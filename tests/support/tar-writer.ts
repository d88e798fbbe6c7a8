/** Writes tar archives for tests, entry by entry, as POSIX (pax) and GNU describe them. */

export interface TarMember {
  /** Bytes, of at most 100, are written into the header as they are. */
  readonly name: string | Uint8Array;
  readonly content?: Uint8Array | string;
  /** The header's type flag: "0" file, "1" hard link, "2" symbolic link, "3" device, "5" folder. */
  readonly type?: string;
  readonly linkName?: string;
  /** What the header claims, where that is not the truth. */
  readonly claimedSize?: number;
  readonly mtimeSeconds?: number;
}

const block = 512;
const endMark = Buffer.alloc(2 * block);

/** How names are written that do not fit into a header: 100 ASCII characters. */
export type LongNames = "pax" | "gnu";

export function writeTar(members: readonly TarMember[], longNames: LongNames = "pax"): Buffer {
  return Buffer.concat([...members.map((member) => writeMember(member, longNames)), endMark]);
}

function writeMember(member: TarMember, longNames: LongNames): Buffer {
  const { name } = member;
  if (typeof name !== "string") return entry(member);
  const isPlain = name.length <= 100 && Buffer.byteLength(name) === name.length;
  return isPlain ? entry(member) : Buffer.concat([longName(name, longNames), entry({ ...member, name: "long" })]);
}

function longName(name: string, longNames: LongNames): Buffer {
  if (longNames === "gnu") return entry({ name: "././@LongLink", type: "L", content: `${name}\0` });
  const record = ` path=${name}\n`;
  // The length counts its own digits.
  const digits = String(Buffer.byteLength(record) + 3).length;
  return entry({ name: "pax", type: "x", content: `${Buffer.byteLength(record) + digits}${record}` });
}

function entry({
  name,
  content = "",
  type = "0",
  linkName = "",
  claimedSize,
  mtimeSeconds = 1_700_000_000,
}: TarMember) {
  const data = Buffer.from(content);
  const header = Buffer.alloc(block);
  Buffer.from(name).copy(header);
  header.write("0000644\0", 100);
  header.write(`${octal(claimedSize ?? data.length)} `, 124);
  header.write(`${octal(mtimeSeconds)} `, 136);
  header.write("        ", 148);
  header.write(type, 156);
  header.write(linkName, 157);
  header.write(type === "L" ? "ustar  \0" : "ustar\x0000", 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc((block - (data.length % block)) % block)]);
}

function octal(value: number): string {
  return value.toString(8).padStart(11, "0");
}
