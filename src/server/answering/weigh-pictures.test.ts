import { beforeAll, expect, it } from "vitest";
import { expensivePicture } from "../../../tests/support/expensive-pictures.ts";
import type { PictureInput } from "../input/picture-input.ts";
import { loadOf, weighPictures } from "./weigh-pictures.ts";

const limits = { pixels: 51e6, decodeBytes: 2 ** 29 };
const size = { width: 3000, height: 2000 };
let photograph: PictureInput;
let heavy: PictureInput;
beforeAll(async () => {
  photograph = { kind: "file", bytes: await expensivePicture("jpeg baseline", size), where: "a.jpg" };
  heavy = { kind: "file", bytes: await expensivePicture("avif", size), where: "b.avif" };
});

const load = (pictures: readonly PictureInput[]) => loadOf(weighPictures(pictures, limits));
const digit: PictureInput = { kind: "pixels", pixels: new Uint8Array(784), shape: [28, 28, 1], where: "image" };

it("counts numbers by the picture, photographs by what decoding takes, heavy pictures not at all", () => {
  expect(load([digit, digit])).toEqual({ pictures: 2, heavy: 0, work: 2 });
  expect(load([photograph]).work).toBeGreaterThan(5);
  expect(load([heavy])).toEqual({ pictures: 1, heavy: 1, work: 0 });
  expect(load([heavy, photograph]).work).toBeCloseTo(load([photograph]).work + 1, 6);
});

it("lets no request count for more than its turns keep others waiting", () => {
  expect(load(new Array(100).fill(photograph)).work).toBeLessThanOrEqual(500);
});

it("refuses more pixels or more memory than is allowed, by the header alone", () => {
  expect(() => weighPictures([photograph], { ...limits, pixels: 5e6 })).toThrow(
    "Expected a picture of at most 5 million pixels; got 3000 x 2000 pixels (a.jpg)",
  );
  const refused = () => weighPictures([photograph, heavy], { ...limits, decodeBytes: 2 ** 25 });
  expect(refused).toThrow(expect.objectContaining({ code: "IMAGE_SIZE", where: "b.avif" }));
  expect(refused).toThrow(/at most 33.* of memory to decode; got 3000 x 2000 pixels as AVIF, which may take 1\d\d/);
});
