import { describe, expect, it } from "vitest";
import { createRandom } from "../../base/random.ts";
import { type Augmentation, augments, noAugmentation } from "./augmentation.ts";
import { drawAugmentation, mixingOf } from "./draw.ts";
import { blockRows, numbersPerPicture } from "./numbers.ts";

const size = { height: 40, width: 60, channels: 3 };
const normalization = { mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.3] };
const batch = 2000;

function draw(changes: Partial<Augmentation>, seed: string | number = 1, count = batch): Float32Array {
  const numbers = new Float32Array(count * numbersPerPicture(3));
  const augmentation = { ...noAugmentation, ...changes };
  drawAugmentation(createRandom(seed), { augmentation, size, normalization }, numbers);
  return numbers;
}

/** Rows of a block of so many numbers. */
type Four = readonly [number, number, number, number];
type Six = readonly [...Four, number, number];

const rows = (numbers: Float32Array, block: Parameters<typeof blockRows>[2]) =>
  blockRows(numbers, 3, block).map((row) => Array.from(row));
const column = (table: readonly (readonly number[])[], at: number) => table.map((row) => row[at]!);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** All values are within the range, and come near both of its ends. */
function expectToFill(values: readonly number[], low: number, high: number): void {
  const margin = (high - low) / 50;
  // 1e-6: the numbers are float32.
  expect(Math.min(...values)).toBeGreaterThanOrEqual(low - 1e-6 * (high - low));
  expect(Math.max(...values)).toBeLessThanOrEqual(high + 1e-6 * (high - low));
  expect(Math.min(...values)).toBeLessThan(low + margin);
  expect(Math.max(...values)).toBeGreaterThan(high - margin);
}

describe("numbers of a batch", () => {
  const all: Augmentation = {
    flip: true,
    shiftPixels: 4,
    zoom: 0.2,
    rotationDegrees: 10,
    shear: 0.1,
    crop: 0.5,
    brightness: 0.1,
    contrast: 0.1,
    saturation: 0.1,
    hue: 0.1,
    erasing: 0.5,
    mixup: 0.2,
    cutmix: 1,
    randAugment: { count: 2, magnitude: 9 },
  };

  it("are the same for the same seed path and others for another", () => {
    expect(draw(all, 1, 50)).toEqual(draw(all, 1, 50));
    expect(draw(all, 1, 50)).not.toEqual(draw(all, 2, 50));
  });

  it("do not depend on how much of the stream was taken before", () => {
    const used = createRandom(1);
    used.next();
    const numbers = new Float32Array(50 * numbersPerPicture(3));
    drawAugmentation(used, { augmentation: all, size, normalization }, numbers);
    expect(numbers).toEqual(draw(all, 1, 50));
  });

  it("are the same for each kind of change whatever else is on", () => {
    const [flipped, erased, mixed] = [{ flip: true }, { erasing: 0.5 }, { mixup: 0.2, cutmix: 1 }];
    const everything = draw({
      ...all,
      shiftPixels: 0,
      zoom: 0,
      rotationDegrees: 0,
      shear: 0,
      crop: 1,
      randAugment: noAugmentation.randAugment,
    });
    expect(rows(draw(flipped), "geometry")).toEqual(rows(everything, "geometry"));
    expect(rows(draw(erased), "erased")).toEqual(rows(everything, "erased"));
    expect(rows(draw(mixed), "mixing")).toEqual(rows(everything, "mixing"));
    expect(rows(draw({ brightness: 0.1, contrast: 0.1, saturation: 0.1, hue: 0.1 }), "colours")).toEqual(
      rows(everything, "colours"),
    );
  });

  it("change nothing where nothing is on", () => {
    const numbers = draw({}, 1, 3);
    expect(rows(numbers, "geometry")[0]).toEqual([1, 0, 0, 0, 1, 0]);
    expect(rows(numbers, "erased")[0]).toEqual([0, 0, 0, 0]);
    expect(rows(numbers, "mixing")).toEqual([0, 1, 2].map((row) => [row, 1, 1, 0, 0, 0, 0]));
  });

  it("know whether anything is varied", () => {
    expect(augments(noAugmentation)).toBe(false);
    for (const [key, value] of Object.entries(all)) {
      expect(augments({ ...noAugmentation, [key]: value })).toBe(true);
    }
  });
});

describe("geometry", () => {
  const geometry = (changes: Partial<Augmentation>) => rows(draw(changes), "geometry");

  it("mirrors about half of the pictures", () => {
    const share = mean(column(geometry({ flip: true }), 0).map((scale) => Number(scale === -1)));
    // Five standard errors of 2000 draws.
    expect(Math.abs(share - 0.5)).toBeLessThan(0.056);
  });

  it("shifts by every whole number within reach, along each axis by itself", () => {
    const table = geometry({ shiftPixels: 2 });
    const pairs = new Set(table.map(([, , x, , , y]) => `${x},${y}`));
    expect(pairs.size).toBe(25);
    expect([...new Set(column(table, 2))].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  });

  it("zooms, turns and shears within reach", () => {
    expectToFill(column(geometry({ zoom: 0.2 }), 0), 0.8, 1.2);
    expectToFill(column(geometry({ zoom: 0.2 }), 4), 0.8, 1.2);
    const angles = geometry({ rotationDegrees: 30 }).map(([a, b]) => (Math.atan2(-b!, a!) * 180) / Math.PI);
    expectToFill(angles, -30, 30);
    expectToFill(column(geometry({ shear: 0.2 }), 1), -0.2, 0.2);
    expectToFill(column(geometry({ shear: 0.2 }), 3), -0.2, 0.2);
  });

  it("crops to parts of the picture of the areas and shapes asked for, anywhere inside", () => {
    const table = geometry({ crop: 0.08 });
    expectToFill(
      table.map(([a, , , , e]) => a! * e!),
      0.08,
      1,
    );
    expectToFill(
      table.map(([a, , , , e]) => Math.log(a! / e!)),
      -Math.log(4 / 3),
      Math.log(4 / 3),
    );
    for (const [a, b, c, d, e, f] of table as unknown as readonly Six[]) {
      // The box ends where the picture does: its middle may be off by half of what it leaves.
      expect(Math.abs(c)).toBeLessThanOrEqual(((1 - a) * size.width) / 2 + 1e-4);
      expect(Math.abs(f)).toBeLessThanOrEqual(((1 - e) * size.height) / 2 + 1e-4);
      expect([b, d]).toEqual([0, 0]);
    }
    const small = table.filter(([a]) => a! < 0.5).map(([a, , c]) => c! / (((1 - a!) * size.width) / 2));
    expectToFill(small, -1, 1);
  });
});

describe("erasing", () => {
  it("covers rectangles of the areas and shapes of the paper, inside the picture, as often as asked for", () => {
    const boxes = rows(draw({ erasing: 0.3 }), "erased").filter(([left, , right]) => right! > left!);
    // Five standard errors of 2000 draws.
    expect(Math.abs(boxes.length / batch - 0.3)).toBeLessThan(0.052);
    for (const [left, top, right, bottom] of boxes as unknown as readonly Four[]) {
      expect([left, top, right, bottom].every(Number.isInteger)).toBe(true);
      expect(left >= 0 && top >= 0 && right <= size.width && bottom <= size.height && bottom > top).toBe(true);
      const share = ((right - left) * (bottom - top)) / (size.width * size.height);
      // Edges are rounded to pixels.
      expect(share).toBeGreaterThan(0.015);
      expect(share).toBeLessThan(0.43);
    }
  });
});

describe("mixing", () => {
  const mixing = (changes: Partial<Augmentation>, seed: string | number = 1) => draw(changes, seed);

  it("joins each picture with one other, every row being somebody's partner", () => {
    const numbers = mixing({ mixup: 1 });
    const partners = mixingOf(numbers, 3).map(({ partner }) => partner);
    expect(partners.toSorted((a, b) => a - b)).toEqual(Array.from({ length: batch }, (_, row) => row));
  });

  it("blends by shares from Beta(mixup, mixup)", () => {
    const table = rows(mixing({ mixup: 0.2 }), "mixing");
    const shares = column(table, 1);
    expect(column(table, 2)).toEqual(shares);
    expectToFill(shares, 0, 1);
    // The variance of Beta(0.2, 0.2) is 1 / (4 (2 * 0.2 + 1)) = 0.1786; its standard error here is
    // 0.0021.
    const variance = mean(shares.map((share) => (share - 0.5) ** 2));
    expect(variance).toBeGreaterThan(0.168);
    expect(variance).toBeLessThan(0.189);
  });

  it("pastes patches of the picture's own shape, whose area is the partner's share", () => {
    const table = rows(mixing({ cutmix: 1 }), "mixing");
    for (const [, share, blend, left, top, right, bottom] of table as unknown as readonly [number, ...Six][]) {
      expect(blend).toBe(1);
      expect(left >= 0 && top >= 0 && right <= size.width && bottom <= size.height).toBe(true);
      expect(share).toBeCloseTo(1 - ((right - left) * (bottom - top)) / (size.width * size.height), 5);
    }
    // Patches reach over the border, where they are cut off: hardly any covers the whole picture.
    expect(Math.min(...column(table, 1))).toBeLessThan(0.2);
    expect(Math.max(...column(table, 1))).toBeGreaterThan(0.99);
  });

  it("does one of both to a whole batch, each about half of the time", () => {
    const kinds = Array.from({ length: 200 }, (_, seed) => {
      const table = rows(draw({ mixup: 1, cutmix: 1 }, seed, 8), "mixing");
      const blended = table.filter(([, , blend]) => blend !== 1).length;
      expect([0, 8]).toContain(blended);
      return blended === 8;
    });
    // Five standard errors of 200 draws.
    expect(Math.abs(mean(kinds.map(Number)) - 0.5)).toBeLessThan(0.177);
  });
});
