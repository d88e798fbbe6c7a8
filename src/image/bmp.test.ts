import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { makeBmp } from "../../tests/support/bmp-file.ts";
import { createRandom } from "../base/random.ts";
import { decodePicture } from "./decode.ts";
import { endsEarly } from "./ends-early.ts";
import { declaredSize, sniffFormat } from "./format.ts";

const options = { channels: 3, background: [255, 255, 255], where: "scan.bmp" } as const;
type Rgb = readonly [number, number, number];
const red: Rgb = [255, 0, 0];
const blue: Rgb = [0, 0, 255];
const black: Rgb = [0, 0, 0];
const white: Rgb = [255, 255, 255];

/** `[height][width]` colours. */
async function coloursOf(bytes: Uint8Array): Promise<number[][][]> {
  const { width, height, pixels } = await decodePicture(bytes, options);
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => [...pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)]),
  );
}

describe("a BMP", () => {
  it.each([1, 2, 4, 8] as const)("of %d bits a pixel is painted from its palette, bottom row first", async (bits) => {
    // Five pixels: no row ends at a byte or a multiple of four of them.
    const rows = [
      [0, 1, 1, 0, 1],
      [1, 0, 0, 0, 0],
    ];
    const expected = rows.map((row) => row.map((index) => [red, blue][index]));
    const bmp = makeBmp({ bits, palette: [red, blue], indices: rows });
    expect(sniffFormat(bmp)).toBe("bmp");
    expect(declaredSize(bmp)).toMatchObject({ width: 5, height: 2 });
    expect(await coloursOf(bmp)).toEqual(expected);
    expect(await coloursOf(makeBmp({ bits, palette: [red, blue], indices: rows, isTopDown: true }))).toEqual(expected);
    expect(await coloursOf(makeBmp({ bits, palette: [red, blue], indices: rows, headerBytes: 12 }))).toEqual(expected);
  });

  it("with masks behind a header of 52 bytes has none of transparency, however short the file is", async () => {
    const bytes = Buffer.alloc(66);
    bytes.write("BM");
    bytes.writeUInt32LE(66, 10);
    for (const [at, value] of [
      [14, 52],
      [18, 1],
      [22, 1],
      [30, 6],
    ] as const)
      bytes.writeUInt32LE(value, at);
    bytes.writeUInt16LE(1, 26);
    bytes.writeUInt16LE(32, 28);
    expect(declaredSize(bytes)).toMatchObject({ width: 1, height: 1 });
    await expect(decodePicture(bytes, options)).rejects.toMatchObject({ code: "IMAGE_UNREADABLE" });
  });

  it.each([40, 52, 56, 108, 124, 12, 64] as const)("of 24 bits has a header of %d bytes", async (headerBytes) => {
    const rows = [
      [red, blue, white],
      [black, [1, 2, 3], red],
    ] as const;
    expect(await coloursOf(makeBmp({ bits: 24, colours: rows, headerBytes }))).toEqual(rows);
  });

  it.each<[string, Parameters<typeof makeBmp>[0], readonly number[]]>([
    ["16 bits, 5 a channel", { bits: 16, values: [[0x7c00 | 0x01f]] }, [255, 0, 255]],
    ["16 bits, 5-6-5", { bits: 16, values: [[0x07e0]], masks: [0xf800, 0x07e0, 0x001f] }, [0, 255, 0]],
    ["16 bits, middle levels", { bits: 16, values: [[16 << 5]] }, [0, 132, 0]],
    ["32 bits", { bits: 32, values: [[0x00c86410]] }, [200, 100, 16]],
    [
      "32 bits, other places",
      { bits: 32, values: [[0x10c86400]], masks: [0xff000000, 0xff0000, 0xff00] },
      [16, 200, 100],
    ],
    ["32 bits, ten a channel", { bits: 32, values: [[0x3ff00000]], masks: [0x3ff00000, 0xffc00, 0x3ff] }, [255, 0, 0]],
    [
      "32 bits, transparent",
      { bits: 32, values: [[0x00c86410, 0xff00ff00]], masks: [0xff0000, 0xff00, 0xff, 0xff000000], headerBytes: 108 },
      [255, 255, 255, 0, 255, 0],
    ],
    [
      "32 bits, with an alpha that is nowhere set",
      { bits: 32, values: [[0x00c86410]], masks: [0xff0000, 0xff00, 0xff, 0xff000000], headerBytes: 124 },
      [200, 100, 16],
    ],
  ])("of %s", async (_, bmp, expected) => {
    expect((await coloursOf(makeBmp(bmp))).flat(2)).toEqual(expected);
  });

  it("in run-length coding of 8 bits: runs, literals, line ends, jumps", async () => {
    const codes = [3, 1, 0, 0, 0, 3, 1, 0, 1, 0, 0, 0, 0, 2, 2, 0, 1, 1, 0, 1];
    const bmp = makeBmp({ bits: 8, palette: [red, blue], runs: codes, width: 3, height: 3 });
    expect(await coloursOf(bmp)).toEqual([
      [red, red, blue],
      [blue, red, blue],
      [blue, blue, blue],
    ]);
  });

  it("in run-length coding of 4 bits, where a run has two colours in turn", async () => {
    const codes = [5, 0x01, 0, 0, 0, 5, 0x11, 0x01, 0x00, 0x00, 0, 1];
    const bmp = makeBmp({ bits: 4, palette: [red, blue], runs: codes, width: 5, height: 2 });
    expect(await coloursOf(bmp)).toEqual([
      [blue, blue, red, blue, red],
      [red, blue, red, blue, red],
    ]);
  });

  it("with a grey palette is grey", async () => {
    const bmp = makeBmp({ bits: 8, palette: [black, [128, 128, 128]], indices: [[0, 1]] });
    expect([...(await decodePicture(bmp, { ...options, channels: 1 })).pixels]).toEqual([0, 128]);
  });

  it("gives the pixels of the same picture as PNG", async () => {
    const random = createRandom(4);
    const rows = Array.from({ length: 33 }, () =>
      Array.from({ length: 57 }, (): Rgb => [random.integer(256), random.integer(256), random.integer(256)]),
    );
    const raw = { width: 57, height: 33, channels: 3 } as const;
    const png = await sharp(Uint8Array.from(rows.flat(2)), { raw })
      .png()
      .toBuffer();
    const resized = async (bytes: Uint8Array) => (await decodePicture(bytes, options)).pixels;
    expect(await resized(makeBmp({ bits: 24, colours: rows }))).toEqual(await resized(png));
  });
});

describe("a BMP that is refused", () => {
  it.each<[string, Uint8Array, object]>([
    [
      "has a JPEG inside",
      patched(makeBmp({ bits: 24, colours: [[red]] }), 30, 4),
      { received: "a BMP with a JPEG inside", fault: "foreign" },
    ],
    ["has 48 bits", patched(makeBmp({ bits: 24, colours: [[red]] }), 28, 48), { received: "a BMP of 48 bits a pixel" }],
    ["has scattered masks", makeBmp({ bits: 32, values: [[0]], masks: [0xf0f, 0xf0, 0xf000] }), { fault: "foreign" }],
    ["has no width", patched(makeBmp({ bits: 24, colours: [[red]] }), 18, 0), { code: "IMAGE_SIZE" }],
    [
      "states a giant size in run-length coding",
      makeBmp({ bits: 8, palette: [red], runs: [0, 1], width: 30_000, height: 3000 }),
      { code: "IMAGE_SIZE", received: "30000 x 3000 pixels" },
    ],
    [
      "states a giant size without the pixels for it",
      patched(patched(makeBmp({ bits: 24, colours: [[red]] }), 18, 9000), 22, 9000),
      { fault: "truncated" },
    ],
    ["is cut off in its header", makeBmp({ bits: 24, colours: [[red]] }).subarray(0, 30), { fault: "truncated" }],
    [
      "is cut off in its runs",
      makeBmp({ bits: 8, palette: [red, blue], runs: [3, 1, 0, 0, 3, 0], width: 3, height: 9 }),
      { fault: "truncated" },
    ],
  ])("%s", async (_, bytes, expected) => {
    await expect(decodePicture(bytes, options)).rejects.toMatchObject(expected);
  });

  it("ends early wherever it is cut", () => {
    const bmp = makeBmp({
      bits: 24,
      colours: [
        [red, blue],
        [white, black],
        [red, red],
      ],
    });
    expect(endsEarly(bmp, "bmp")).toBe(false);
    for (let length = 20; length < bmp.length - 2; length++)
      expect(endsEarly(bmp.subarray(0, length), "bmp")).toBe(true);
  });

  it("decodes or refuses whatever bytes are changed", async () => {
    const random = createRandom(7);
    const whole = [
      makeBmp({
        bits: 8,
        palette: [red, blue, white],
        runs: [3, 1, 0, 0, 0, 3, 1, 0, 1, 0, 0, 2, 1, 1, 2, 0, 0, 1],
        width: 5,
        height: 4,
      }),
      makeBmp({ bits: 4, palette: [red, blue], runs: [5, 1, 0, 0, 0, 5, 17, 1, 0, 0, 0, 1], width: 5, height: 2 }),
      makeBmp({
        bits: 32,
        values: [
          [1, 2, 3],
          [4, 5, 6],
        ],
        masks: [0xf800, 0x7e0, 0x1f, 0xff0000],
        headerBytes: 108,
      }),
      makeBmp({ bits: 16, values: [[1, 2, 3]] }),
      makeBmp({ bits: 1, palette: [red, blue], indices: [[0, 1, 0]], headerBytes: 12 }),
    ];
    const seen = { decoded: 0, refused: 0 };
    for (let round = 0; round < 1500; round++) {
      const bytes = Uint8Array.from(whole[round % whole.length]!);
      for (let change = random.integer(4); change >= 0; change--) {
        // Mostly in the header, where it does most harm.
        const at = 2 + random.integer(random.integer(3) > 0 ? Math.min(60, bytes.length - 2) : bytes.length - 2);
        bytes[at] = [0, 1, 2, 127, 128, 255, random.integer(256)][random.integer(7)]!;
      }
      const cut = random.integer(5) === 0 ? bytes.subarray(0, random.integer(bytes.length)) : bytes;
      const result = await decodePicture(cut, { ...options, maximumPixels: 1_000_000 }).catch(
        (error: unknown) => error,
      );
      if (result instanceof Error) {
        expect(["IMAGE_UNREADABLE", "IMAGE_SIZE"]).toContain((result as Error & { code?: string }).code);
        seen.refused++;
      } else seen.decoded++;
    }
    expect(seen.decoded).toBeGreaterThan(200);
    expect(seen.refused).toBeGreaterThan(200);
  });
});

function patched(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.writeUInt16LE(value, at);
  return copy;
}
