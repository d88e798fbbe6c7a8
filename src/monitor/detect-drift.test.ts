import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { createRandom, type Random } from "../base/random.ts";
import { embeddingVersion } from "../bundle/embedding.ts";
import { packEmbeddings } from "../bundle/reference-embedding.ts";
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import { requireReference } from "../bundle/reference-profile.ts";
import type { PixelImage } from "../image/decode.ts";
import { pictureStatisticNames, pictureStatistics } from "../image/picture-statistics.ts";
import { detectDrift } from "./detect-drift.ts";
import { calibrateDrift, type DriftCalibration, type Observation } from "./drift-tests.ts";

const side = 48;

interface Taken {
  readonly image: PixelImage;
  readonly stored: { readonly width: number; readonly height: number };
  readonly kind: number;
}

/** Patches on a ground: pictures of three kinds, each with its own colours, in many lights. */
function take(random: Random, shares: readonly number[] = [0.4, 0.35, 0.25]): Taken {
  const at = random.next();
  const kind = at < shares[0]! ? 0 : at < shares[0]! + shares[1]! ? 1 : 2;
  const light = 0.7 + 0.5 * random.next();
  const ground = [90 + 20 * kind, 110, 130 - 20 * kind].map((level) => level + 15 * random.normal());
  const pixels = new Uint8Array(side * side * 3);
  const patch = 4 + random.integer(6);
  const colours = new Map<number, readonly number[]>();
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const place = Math.floor(y / patch) * side + Math.floor(x / patch);
      if (!colours.has(place))
        colours.set(
          place,
          ground.map((level) => level + 35 * random.normal()),
        );
      colours.get(place)!.forEach((level, channel) => {
        pixels[(y * side + x) * 3 + channel] = Math.min(255, Math.max(0, level * light));
      });
    }
  }
  const width = 200 + random.integer(400);
  const height = Math.round(width * (0.6 + 0.6 * random.next()));
  return { image: { width: side, height: side, channels: 3, pixels }, stored: { width, height }, kind };
}

/** A calibrated answer to a picture: right as often as it is sure. */
function answer({ image, stored, kind }: Taken, random: Random): Observation & { readonly target: number } {
  const confidence = 0.6 + 0.39 * random.next();
  const isRight = random.next() < confidence;
  const given = isRight ? kind : (kind + 1 + random.integer(2)) % 3;
  const probabilities = [0, 1, 2].map((index) => (index === given ? confidence : (1 - confidence) / 2));
  return { target: kind, answer: given, confidence, probabilities, statistics: pictureStatistics(image, stored) };
}

const windowOf = (random: Random, count = 200, shares?: readonly number[]): ReturnType<typeof answer>[] =>
  Array.from({ length: count }, () => answer(take(random, shares), random));

async function changed(random: Random, change: (taken: Taken) => Promise<Taken> | Taken): Promise<Observation[]> {
  const window: Observation[] = [];
  for (let at = 0; at < 200; at++) window.push(answer(await change(take(random)), random));
  return window;
}

const recoloured = (taken: Taken, level: (value: number, channel: number) => number): Taken => ({
  ...taken,
  image: { ...taken.image, pixels: taken.image.pixels.map((value, at) => Math.min(255, level(value, at % 3))) },
});

function profileOf(observations: readonly ReturnType<typeof answer>[]): ReferenceProfile {
  const names = pictureStatisticNames.map((name) => [name, observations.map((one) => one.statistics[name]!)]);
  const confidences = observations.map(({ confidence }) => confidence);
  const mean = confidences.reduce((sum, value) => sum + value, 0) / confidences.length;
  return {
    version: 1,
    statisticsVersion: 1,
    split: "test",
    count: observations.length,
    accuracy: mean,
    meanConfidence: mean,
    expectedCalibrationError: 0.01,
    answerCounts: [0, 1, 2].map((index) => observations.filter((one) => one.answer === index).length),
    sample: {
      answers: observations.map((one) => one.answer),
      targets: observations.map((one) => one.target),
      confidences,
      statistics: Object.fromEntries(names),
      probabilities: observations.flatMap((one) => Array.from(one.probabilities!)),
    },
  };
}

/** A network's sight of a picture: each kind is a place of its own, with the pictures around it. */
function seen(random: Random, kind: number): Float32Array {
  return Float32Array.from({ length: 12 }, (_, at) => Math.max(0, (at % 3 === kind ? 3 : 0.5) + random.normal()));
}

const embedded = (random: Random, count = 200, shares?: readonly number[]): ReturnType<typeof answer>[] =>
  windowOf(random, count, shares).map((one) => ({ ...one, embedding: seen(random, one.target) }));

describe("drift of embeddings in a window of 200 predictions", () => {
  const random = createRandom("embedded");
  let reference: ReferenceProfile;
  let calibration: DriftCalibration;

  beforeAll(() => {
    const pictures = embedded(random, 1000);
    const profile = profileOf(pictures);
    const rows = pictures.slice(0, 500).flatMap(({ embedding }) => Array.from(embedding!));
    const embedding = packEmbeddings(Float32Array.from(rows), 12, embeddingVersion);
    reference = { ...profile, sample: { ...profile.sample, embedding } };
    requireReference(reference, 3, "test");
    calibration = calibrateDrift(reference, 200);
  });

  it("is found in at most one of 20 windows like the reference", () => {
    const reports = Array.from({ length: 20 }, () => detectDrift(reference, embedded(random), { calibration }));
    expect(reports.filter(({ hasDrifted }) => hasDrifted).length).toBeLessThanOrEqual(1);
    expect(reports[0]!.tests).toHaveLength(13);
    expect(reports[0]!.untested).toEqual([]);
  });

  it("is of the pictures where nothing else shows it", () => {
    // What the network is as sure of, in the same light, looks a little like everything.
    const window = embedded(random).map((one) => ({ ...one, embedding: seen(random, -1).map((value) => value + 1) }));
    const report = detectDrift(reference, window, { calibration });
    expect(report.kind).toBe("pictures");
    expect(report.tests.filter(({ hasDrifted }) => hasDrifted).map(({ name }) => name)).toEqual(["embedding"]);
    expect(report.summary).toBe(
      "the pictures differ: pictures show other things than before, as the network sees them (embedding)",
    );
    expect(report.accuracy.isKnown).toBe(false);
    const blind = window.map(({ embedding: _, ...one }) => one);
    expect(detectDrift(reference, blind, { calibration })).toMatchObject({
      kind: "none",
      untested: ["embedding: not known of every prediction"],
    });
  });

  it("of class shares alone is named as that, however far they move", () => {
    for (const shares of [
      [0.6, 0.2, 0.2],
      [0.1, 0.1, 0.8],
      [0.02, 0.96, 0.02],
    ]) {
      const report = detectDrift(reference, embedded(random, 200, shares), { calibration });
      expect(report.kind).toBe("class-shares");
      expect(report.tests.find(({ name }) => name === "embedding")!.hasDrifted).toBe(true);
    }
    const window = embedded(random, 200, [0.1, 0.1, 0.8]);
    const { summary } = detectDrift(reference, window, { calibration, labels: ["cat", "dog", "fox"] });
    expect(summary).toMatch(/^a change of class shares: 'fox' is \d+\.\d % of the answers/);
  });

  it("in other pictures of other class shares is named as both", () => {
    const window = embedded(random, 200, [0.1, 0.1, 0.8]).map((one) => ({
      ...one,
      embedding: Float32Array.from(one.embedding!, (value, at) => (at < 4 ? value + 1 : value)),
    }));
    const report = detectDrift(reference, window, { calibration });
    expect(report.kind).toBe("pictures-and-class-shares");
    expect(report.summary).toMatch(/other things than before.*; and class 2 is/);
  });

  it("says why embeddings cannot be compared", () => {
    const window = embedded(random);
    const untested = (changed: ReferenceProfile, of: readonly Observation[] = window) =>
      detectDrift(changed, of, { seed: 1, falseAlarmRate: 0.1 }).untested;
    const { embedding, ...sample } = reference.sample;
    expect(untested({ ...reference, sample })).toEqual(["embedding: not in the reference"]);
    const other = { ...reference, sample: { ...sample, embedding: { ...embedding!, version: 2 } } };
    expect(untested(other)).toEqual(["embedding: the reference has it of another version"]);
    const wider = window.map((one) => ({ ...one, embedding: new Float32Array(13) }));
    expect(untested(reference, wider)).toEqual(["embedding: not 12 numbers of every prediction"]);
  });
});

describe("drift of a window of 200 predictions", () => {
  let reference: ReferenceProfile;
  let calibration: DriftCalibration;

  beforeAll(() => {
    reference = profileOf(windowOf(createRandom("reference"), 1000));
    requireReference(reference, 3, "test");
    calibration = calibrateDrift(reference, 200);
  });

  it("is found in at most one of 20 windows like the reference", () => {
    const random = createRandom("clean");
    const reports = Array.from({ length: 20 }, () => detectDrift(reference, windowOf(random), { calibration }));
    expect(reports.filter(({ hasDrifted }) => hasDrifted).length).toBeLessThanOrEqual(1);
    expect(reports[0]!.tests).toHaveLength(12);
    expect(reports[0]).toMatchObject({ kind: "none", summary: "no drift", untested: [] });
  });

  it("is not found much more often than at its rate", () => {
    const random = createRandom("rate");
    const tenth = calibrateDrift(reference, 50, { falseAlarmRate: 0.1 });
    let alarms = 0;
    for (let at = 0; at < 100; at++) {
      alarms += Number(detectDrift(reference, windowOf(random, 50), { calibration: tenth }).hasDrifted);
    }
    // At most 10 are expected, deviation 3; the tests depend on each other, so Holm gives fewer.
    expect(alarms).toBeLessThanOrEqual(19);
  });

  it.each<[string, string, RegExp, (taken: Taken) => Promise<Taken> | Taken]>([
    [
      "blurred",
      "sharpness",
      /blurred/,
      async (taken) => {
        const raw = { width: side, height: side, channels: 3 as const };
        const pixels = await sharp(taken.image.pixels, { raw }).blur(1.2).raw().toBuffer();
        return { ...taken, image: { ...taken.image, pixels } };
      },
    ],
    ["darkened", "brightness", /darker/, (taken) => recoloured(taken, (value) => value * 0.7)],
    [
      "shifted to red",
      "redGreen",
      /shifted to red/,
      (taken) => recoloured(taken, (value, channel) => (channel === 0 ? value + 20 : value)),
    ],
    [
      "upscaled",
      "width",
      /wider in pixels/,
      (taken) => ({ ...taken, stored: { width: taken.stored.width * 2, height: taken.stored.height * 2 } }),
    ],
  ])("is found in the first window of pictures that are %s", async (kind, name, text, change) => {
    const report = detectDrift(reference, await changed(createRandom(kind), change), { calibration });
    expect(report.kind).toBe("pictures");
    expect(report.summary).toMatch(text);
    const test = report.tests.find((one) => one.name === name)!;
    expect(test.hasDrifted).toBe(true);
    expect(test.statistic).toBeGreaterThan(test.threshold);
    expect(report.accuracy).toEqual({
      isKnown: false,
      reason: "the pictures differ from those on which confidences were calibrated",
    });
  });

  it("of class shares that change slowly is named as that, before long", () => {
    const random = createRandom("shares");
    const kinds: string[] = [];
    for (let step = 0; step <= 5; step++) {
      const moved = 0.07 * step;
      const window = windowOf(random, 200, [0.4 - moved, 0.35, 0.25 + moved]);
      const report = detectDrift(reference, window, { calibration });
      kinds.push(report.kind);
      if (report.kind !== "class-shares") continue;
      expect(report.summary).toMatch(/^a change of class shares: class [02] is/);
      expect(report.accuracy).toMatchObject({ isKnown: false, reason: expect.stringContaining("class shares") });
    }
    expect(kinds[0]).toBe("none");
    expect(kinds.slice(4)).toEqual(["class-shares", "class-shares"]);
    expect(new Set(kinds)).toEqual(new Set(["none", "class-shares"]));
  });

  it("in pictures and class shares is named as both", async () => {
    const random = createRandom("both");
    const window = Array.from({ length: 200 }, () =>
      answer(
        recoloured(take(random, [0.1, 0.2, 0.7]), (value) => value * 0.6),
        random,
      ),
    );
    expect(detectDrift(reference, window, { calibration }).kind).toBe("pictures-and-class-shares");
    const unlooked = detectDrift(reference, window, { calibration, looksWithinClasses: false });
    expect(unlooked.kind).toBe("pictures-or-class-shares");
    expect(unlooked.summary).toMatch(/^the pictures differ, by themselves or by their class shares: .*darker/);
    expect(unlooked.accuracy).toMatchObject({ isKnown: false, reason: expect.stringMatching(/^pictures or class/) });
  });

  it("gives an expected accuracy where there is none, and where only the answers differ", () => {
    const random = createRandom("accuracy");
    const clean = detectDrift(reference, windowOf(random), { calibration });
    expect(clean.accuracy).toMatchObject({ isKnown: true, accuracy: expect.closeTo(0.795, 1) });
    const unsure = windowOf(random).map((one) => ({ ...one, confidence: 0.35 + one.confidence / 4 }));
    const report = detectDrift(reference, unsure, { calibration });
    expect(report.kind).toBe("answers");
    expect(report.summary).toMatch(/answers are less sure/);
    expect(report.accuracy).toMatchObject({ isKnown: true, accuracy: expect.closeTo(0.55, 1) });
  });

  it("has the same figures for the same seed", () => {
    const window = windowOf(createRandom("again"), 60);
    const options = { seed: 3, falseAlarmRate: 0.1 };
    expect(detectDrift(reference, window, options)).toEqual(detectDrift(reference, window, options));
  });

  it("says what it cannot compare", () => {
    const window = windowOf(createRandom("without")).map(({ statistics: { width: _, ...rest }, ...one }) => ({
      ...one,
      statistics: rest,
    }));
    expect(detectDrift(reference, window, { calibration }).untested).toEqual(["width: not known of every prediction"]);
  });

  it("of sizes takes a reference of one size for what it is", () => {
    const alike = windowOf(createRandom("one size"), 1000).map((one) => ({
      ...one,
      statistics: { ...one.statistics, width: 64, height: 64, aspect: 0 },
    }));
    const fixed = profileOf(alike);
    const odd = (count: number): Observation[] =>
      alike
        .slice(0, 200)
        .map((one, at) => (at < count ? { ...one, statistics: { ...one.statistics, width: 65 } } : one));
    const options = { calibration: calibrateDrift(fixed, 200, { falseAlarmRate: 0.05 }) };
    expect(detectDrift(fixed, odd(3), options).hasDrifted).toBe(false);
    expect(detectDrift(fixed, odd(20), options).kind).toBe("pictures");
  });

  it("is refused for what cannot be compared", () => {
    const window = windowOf(createRandom("few"), 19);
    expect(() => detectDrift(reference, window)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining("at least 20 predictions") }),
    );
    const full = windowOf(createRandom("few"), 30);
    expect(() => detectDrift({ ...reference, statisticsVersion: 2 }, full)).toThrow(/picture statistics 1; got one of/);
    expect(() => detectDrift(reference, full, { calibration })).toThrow(/windows of 30; got one for 200/);
    expect(() => detectDrift(reference, [...full, { ...full[0]!, answer: 3 }])).toThrow(/3 classes; got class 3/);
  });
});
