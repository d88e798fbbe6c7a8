/** Picture files that are broken, lie about themselves, or are too much. */
import { crc32, deflateSync } from "node:zlib";
import type { Random } from "../../../src/base/random.ts";

export interface BadPicture {
  readonly kind: string;
  readonly bytes: Buffer;
}

/** `good` are whole files, from which broken ones are made. */
export function badPicture(random: Random, good: readonly Buffer[]): BadPicture {
  const file = good[random.integer(good.length)]!;
  const makers: readonly (() => BadPicture)[] = [
    () => ({ kind: "a truncated picture", bytes: file.subarray(0, random.integer(file.length)) }),
    () => ({ kind: "a picture with flipped bits", bytes: withFlippedBits(file, random) }),
    () => ({ kind: "a picture with a hole", bytes: withHole(file, random) }),
    () => ({ kind: "an empty picture", bytes: Buffer.alloc(0) }),
    () => ({ kind: "random bytes", bytes: randomBytes(random, random.integer(4000)) }),
    () => ({ kind: "a text as picture", bytes: Buffer.from("This is no picture. ".repeat(1 + random.integer(50))) }),
    () => ({ kind: "an SVG", bytes: Buffer.from(svgs[random.integer(svgs.length)]!) }),
    () => ({
      kind: "a PDF",
      bytes: Buffer.from("%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"),
    }),
    () => ({ kind: "a PNG that declares billions of pixels", bytes: pngOf(hugeSides(random), "few") }),
    () => ({ kind: "a PNG bomb", bytes: pngOf([7000, 7000], "zeros") }),
    () => ({ kind: "a PNG without a pixel", bytes: pngOf([0, random.integer(3)], "few") }),
    () => ({ kind: "a picture behind another format's first bytes", bytes: withOtherStart(file, random) }),
    () => ({ kind: "a picture twice", bytes: Buffer.concat([file, file]) }),
  ];
  return makers[random.integer(makers.length)]!();
}

const svgs = [
  '<svg xmlns="http://www.w3.org/2000/svg" width="100000" height="100000"><rect width="9" height="9"/></svg>',
  '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&a;</text></svg>',
  '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:9/x.png" width="9" height="9"/></svg>',
];

const starts = [
  "\xff\xd8\xff\xe0",
  "\x89PNG\r\n\x1a\n",
  "GIF89a",
  "RIFF\x10\0\0\0WEBPVP8 ",
  "II*\0",
  "BM",
  "\0\0\0\x20ftypavif",
];

function withOtherStart(file: Buffer, random: Random): Buffer {
  const start = Buffer.from(starts[random.integer(starts.length)]!, "latin1");
  return Buffer.concat([start, file.subarray(Math.min(file.length, start.length))]);
}

function withFlippedBits(file: Buffer, random: Random): Buffer {
  const copy = Buffer.from(file);
  for (let flips = 1 + random.integer(40); flips > 0; flips--)
    copy[random.integer(copy.length)]! ^= 1 << random.integer(8);
  return copy;
}

function withHole(file: Buffer, random: Random): Buffer {
  const start = random.integer(file.length);
  return Buffer.concat([file.subarray(0, start), file.subarray(start + 1 + random.integer(200))]);
}

export function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => random.integer(256)));
}

function hugeSides(random: Random): readonly [number, number] {
  const sides = [20_000, 65_535, 0x7fffffff, 0xffffffff];
  return [sides[random.integer(4)]!, sides[random.integer(4)]!];
}

let bomb: Buffer | undefined;

/**
 * A PNG of 8-bit grey with true checksums, and either a few bytes of pixels or all of them, black.
 */
function pngOf([width, height]: readonly [number, number], pixels: "few" | "zeros"): Buffer {
  if (pixels === "few") return assemblePng(width, height, deflateSync(Buffer.alloc(64)));
  bomb ??= assemblePng(width, height, deflateSync(Buffer.alloc((width + 1) * height)));
  return bomb;
}

function assemblePng(width: number, height: number, data: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    pngChunk("IHDR", header),
    pngChunk("IDAT", data),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}
