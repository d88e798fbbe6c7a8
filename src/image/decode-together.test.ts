import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { makeBrokenPictures } from "../../tests/support/broken-pictures.ts";
import { isAppError } from "../base/errors.ts";
import { decodePicture } from "./decode.ts";

const options = { channels: 3, background: [255, 255, 255], where: "a" } as const;

async function reasonOf(bytes: Uint8Array): Promise<string> {
  try {
    await decodePicture(bytes, options);
    return "none";
  } catch (error) {
    return isAppError(error) ? `${error.code} ${error.message} ${error.hint}` : String(error);
  }
}

describe("pictures that are decoded at the same time", () => {
  it("are refused each for its own reason, as if it were decoded alone", async () => {
    const broken = Object.values(await makeBrokenPictures());
    const whole = await sharp({ create: { width: 300, height: 300, channels: 3, background: "#456" } })
      .jpeg()
      .toBuffer();
    const alone: string[] = [];
    for (const bytes of broken) alone.push(await reasonOf(bytes));
    expect(alone).not.toContain("none");
    // Two kinds of damage may have one reason; most have their own.
    expect(new Set(alone).size).toBeGreaterThanOrEqual(12);
    for (let round = 0; round < 60; round++) {
      const turn = [...broken.slice(round % broken.length), ...broken.slice(0, round % broken.length)];
      const reasons = await Promise.all(turn.flatMap((bytes) => [reasonOf(bytes), reasonOf(whole)]));
      const expected = turn.flatMap((bytes) => [alone[broken.indexOf(bytes)], "none"]);
      expect(reasons).toEqual(expected);
    }
  });

  it("have reasons that name no decoder", async () => {
    for (const bytes of Object.values(await makeBrokenPictures())) {
      expect(await reasonOf(bytes)).not.toMatch(/vips|lib|Huffman|buffer/i);
    }
  });
});
