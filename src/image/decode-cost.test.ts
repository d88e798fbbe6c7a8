import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { type ExpensiveKind, expensiveKinds, expensivePicture } from "../../tests/support/expensive-pictures.ts";
import { makeTiff } from "../../tests/support/tiff-file.ts";
import { applyRecipe } from "./apply-recipe.ts";
import { decodeCostOf } from "./decode-cost.ts";
import { extensionsOf } from "./format.ts";

const size = { width: 700, height: 500 };
const pixels = size.width * size.height;
const files = new Map<ExpensiveKind, Buffer>();
beforeAll(async () => {
  for (const kind of expensiveKinds) files.set(kind, await expensivePicture(kind, size));
});

/** Bytes that a decoder holds for each pixel: of the whole picture, and of the rows under way. */
const heldPerPixel: Readonly<Record<ExpensiveKind, number>> = {
  "jpeg baseline": 1.6 * 3,
  "jpeg turned": 1.6 * 3,
  "jpeg progressive": 6 + 1.6 * 3,
  png: 1.6 * 3,
  "png interlaced": 3 + 1.6 * 3,
  "png interlaced, 16 bits": 8 + 1.6 * 8,
  webp: 1.6 * 4,
  "webp lossless": 4 + 1.6 * 4,
  gif: 5 + 1.6 * 4,
  avif: 18 + 1.6 * 4,
  "tiff strips": 1.6 * 3,
  "tiff tiles": (2 * 3 * 4096 ** 2) / pixels + 1.6 * 3,
  "tiff of bits": 1.6 * 3,
  "tiff of jpegs": 1.6 * 3,
};

describe("the cost of", () => {
  it.each(expensiveKinds)("%s follows from its header", (kind) => {
    const cost = decodeCostOf(files.get(kind)!);
    expect(cost.size).toMatchObject(size);
    expect(cost.heldBytes / pixels).toBeCloseTo(heldPerPixel[kind], 5);
    expect(cost.ms).toBeGreaterThan(0);
  });

  it("every kind is that of a heavy picture where it has 50 million pixels, but for a baseline JPEG", () => {
    // The same headers with other numbers: to write such pictures takes long.
    const large = { width: 7000, height: 7000 };
    const isHeavy = (kind: ExpensiveKind) => decodeCostOf(withSize(kind, files.get(kind)!, large)).isHeavy;
    const light: readonly ExpensiveKind[] = ["jpeg baseline", "jpeg turned"];
    expect(expensiveKinds.filter((kind) => !isHeavy(kind))).toEqual(light);
  });

  it("small pictures is light, whatever their kind", () => {
    const heavy = expensiveKinds.filter((kind) => decodeCostOf(files.get(kind)!).isHeavy);
    expect(heavy).toEqual(["tiff tiles"]);
  });

  it("a picture of unusually long rows is that of all its rows", async () => {
    const wide = await sharp({ create: { width: 60_000, height: 400, channels: 3, background: "red" } })
      .jpeg()
      .toBuffer();
    expect(decodeCostOf(wide)).toMatchObject({ isHeavy: true, heldBytes: 115_200_000 });
  });

  it("a GIF counts its first frame where that is larger than the screen", () => {
    const gif = Buffer.from(files.get("gif")!);
    gif.writeUInt16LE(16, 6);
    gif.writeUInt16LE(16, 8);
    expect(decodeCostOf(gif)).toEqual(decodeCostOf(files.get("gif")!));
  });

  it("an AVIF counts the largest picture in it, and the bits of its channels", async () => {
    const [eight, ten, twelve] = await Promise.all(
      ([8, 10, 12] as const).map((bitdepth) =>
        sharp({ create: { ...size, channels: 3, background: "red" } })
          .avif({ bitdepth, effort: 0 })
          .toBuffer(),
      ),
    );
    expect(decodeCostOf(eight!).heldBytes).toBeLessThan(decodeCostOf(ten!).heldBytes);
    expect(decodeCostOf(ten!).heldBytes).toBe(decodeCostOf(twelve!).heldBytes);
  });

  it("an animated WebP is that of its canvas", async () => {
    const frames = Buffer.concat([Buffer.alloc(90 * 80 * 3, 9), Buffer.alloc(90 * 80 * 3, 200)]);
    const raw = { width: 90, height: 160, channels: 3, pageHeight: 80 } as const;
    const animated = await sharp(frames, { raw }).webp().toBuffer();
    expect(decodeCostOf(animated)).toMatchObject({ size: { width: 90, height: 80 }, heldBytes: 90 * 80 * (12 + 6.4) });
  });

  it("a TIFF of floating-point numbers counts what is unpacked to measure them", () => {
    const float = makeTiff({ ...size, bits: 32, format: 3, value: () => 0 });
    const bytes = makeTiff({ ...size, value: () => 0 });
    expect(decodeCostOf(float).heldBytes).toBeGreaterThan(7 * decodeCostOf(bytes).heldBytes);
  });

  it("a picture without a readable size is heavy, and that of other files nothing", () => {
    const headless = files.get("jpeg baseline")!.subarray(0, 20);
    expect(decodeCostOf(headless)).toMatchObject({ size: undefined, isHeavy: true });
    expect(decodeCostOf(Buffer.from("<svg width='1e9' height='1e9'/>"))).toEqual({
      size: undefined,
      heldBytes: 0,
      ms: 0,
      isHeavy: false,
    });
  });

  it("whatever bytes are changed is a finite number, and no error", () => {
    for (const bytes of files.values()) {
      for (let at = 0; at < Math.min(bytes.length, 400); at++) {
        for (const value of [0, 1, 0x7f, 0xff]) {
          const changed = Buffer.from(bytes.subarray(0, 600));
          changed[at] = value;
          const { heldBytes, ms } = decodeCostOf(changed);
          if (!(Number.isFinite(heldBytes) && Number.isFinite(ms) && heldBytes >= 0)) expect([at, value]).toEqual([]);
        }
      }
    }
  });
});

it("refuses more pixels than are allowed by the header alone, in every format", async () => {
  const recipe = { width: 8, height: 8, channels: 3, fit: "cover", kernel: "lanczos3" } as const;
  for (const [kind, bytes] of files) {
    await expect(applyRecipe(bytes, recipe, kind, 1000)).rejects.toMatchObject({
      code: "IMAGE_SIZE",
      received: "700 x 500 pixels",
    });
  }
  expect(new Set([...files.keys()].map((kind) => kind.split(" ")[0]))).toEqual(
    new Set(Object.keys(extensionsOf).filter((format) => format !== "bmp")),
  );
});

/** The file with another size in its header. */
function withSize(kind: ExpensiveKind, bytes: Buffer, { width, height }: { width: number; height: number }): Buffer {
  const changed = Buffer.from(bytes);
  const [format] = kind.split(" ");
  const big = (at: number) => {
    changed.writeUInt32BE(width, at);
    changed.writeUInt32BE(height, at + 4);
  };
  if (format === "png") big(16);
  else if (format === "avif") big(changed.indexOf("ispe") + 8);
  else if (format === "jpeg") {
    const frame = Math.max(changed.indexOf("ffc0", "hex"), changed.indexOf("ffc2", "hex"));
    changed.writeUInt16BE(height, frame + 5);
    changed.writeUInt16BE(width, frame + 7);
  } else if (format === "gif") {
    changed.writeUInt16LE(width, 6);
    changed.writeUInt16LE(height, 8);
  } else if (kind === "webp") {
    changed.writeUInt16LE(width, 26);
    changed.writeUInt16LE(height, 28);
  } else if (format === "webp") changed.writeUInt32LE((width - 1) | ((height - 1) << 14), 21);
  else {
    const directory = changed.readUInt32LE(4);
    for (let at = directory + 2; at < directory + 2 + 12 * changed.readUInt16LE(directory); at += 12) {
      const tag = changed.readUInt16LE(at);
      if (tag === 256 || tag === 257) changed.writeUInt16LE(tag === 256 ? width : height, at + 8);
    }
  }
  return changed;
}
