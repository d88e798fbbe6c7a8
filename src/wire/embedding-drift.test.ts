/** From a training to an alarm: pictures of something else in the same light, which only a network can tell. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { createRandom, type Random } from "../base/random.ts";
import { type LoadedBundle, loadBundle } from "../bundle/load-bundle.ts";
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import { pictureStatistics } from "../image/picture-statistics.ts";
import { detectDrift } from "../monitor/detect-drift.ts";
import type { Observation } from "../monitor/drift-tests.ts";
import { createOnnxRuntimeExecutor } from "../runtime/onnx-runtime.ts";
import { train } from "./library.ts";
import { makeReference } from "./monitoring.ts";

const side = 16;
const size = { width: side, height: side };
const executor = createOnnxRuntimeExecutor({ threads: 1 });

type Shape = (u: number, v: number, reach: number) => boolean;

const up: Shape = (u, v, reach) => Math.abs(v) < reach && Math.abs(u) < (v + reach) / 2;
const down: Shape = (u, v, reach) => up(u, -v, reach);
/** Turned: brightness, contrast and sharpness are those of the others. */
const right: Shape = (u, v, reach) => up(v, -u, reach);

function draw(random: Random, shape: Shape): Uint8Array {
  const [x, y] = [7.5 + 1.5 * random.normal(), 7.5 + 1.5 * random.normal()];
  const reach = 3.5 + 2 * random.next();
  const ground = 60 + 60 * random.next();
  const ink = ground + 40 + 60 * random.next();
  const pixels = new Uint8Array(side * side * 3);
  for (let at = 0; at < side * side; at++) {
    const isInside = shape((at % side) - x, Math.floor(at / side) - y, reach);
    const level = (isInside ? ink : ground) + 12 * random.normal();
    pixels.fill(Math.min(255, Math.max(0, level)), 3 * at, 3 * at + 3);
  }
  return pixels;
}

describe("drift of what pictures show", () => {
  const folder = temporaryFolder("triangles");
  let bundle: LoadedBundle;
  let reference: ReferenceProfile;

  beforeAll(async () => {
    for (const [label, shape] of Object.entries({ up, down })) {
      await mkdir(join(folder, "data", label), { recursive: true });
      const random = createRandom(label);
      for (let at = 0; at < 500; at++) {
        const raw = { ...size, channels: 3 as const };
        const png = await sharp(draw(random, shape), { raw }).png().toBuffer();
        await writeFile(join(folder, "data", label, `${at}.png`), png);
      }
    }
    const [data, trained, out] = ["data", "trained.onnx", "whole.onnx"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const settings = { size: side, widths: [8, 16], epochs: 4, batchSize: 32 };
    await train({ data, out: trained, settings, executor });
    await makeReference({ bundle: trained, data, split: "all", out });
    bundle = await loadBundle({ path: out }, executor, { embedding: true });
    reference = bundle.info.reference!;
    return () => bundle.close();
  }, 120_000);

  async function windowOf(...shapes: readonly Shape[]): Promise<Observation[]> {
    const random = createRandom("window");
    const pictures = Array.from({ length: 200 }, (_, at) => draw(random, shapes[at % shapes.length]!));
    const { probabilities, embedding } = await bundle.answer(Buffer.concat(pictures));
    const length = embedding!.length / pictures.length;
    return pictures.map((pixels, at) => {
      const row = probabilities.subarray(2 * at, 2 * at + 2);
      const answer = row[1]! > row[0]! ? 1 : 0;
      return {
        answer,
        confidence: row[answer]!,
        probabilities: row,
        statistics: pictureStatistics({ ...size, channels: 3, pixels }, size),
        embedding: embedding!.subarray(at * length, (at + 1) * length),
      };
    });
  }

  it("is none of pictures like those of the training, or of one class alone", async () => {
    expect(detectDrift(reference, await windowOf(up, down)).kind).toBe("none");
    expect(detectDrift(reference, await windowOf(up)).kind).toBe("class-shares");
  });

  it("is found by embeddings alone; without them other pictures are taken for other answers", async () => {
    const window = await windowOf(right);
    const seen = detectDrift(reference, window);
    expect(seen.kind).toMatch(/^pictures/);
    expect(seen.summary).toContain("show other things than before");
    expect(seen.accuracy.isKnown).toBe(false);
    const blind = detectDrift(
      reference,
      window.map(({ embedding: _, ...one }) => one),
    );
    expect(blind.kind).toMatch(/^(none|answers|class-shares)$/);
  });
});
