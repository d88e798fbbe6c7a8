/** Answers to pictures that were never there, and the reference that a bundle would have of them. */
import { createRandom, type Random } from "../../src/base/random.ts";
import type { ReferenceProfile } from "../../src/bundle/reference-profile.ts";
import type { PictureStatistics } from "../../src/image/picture-statistics.ts";
import type { LoggedPrediction } from "../../src/prediction-log/prediction-log.ts";
import { statisticsToRow } from "../../src/prediction-log/statistics-row.ts";

export const drawnLabels = ["cat", "dog"];

/** In what pictures and answers differ from those of the reference. */
export interface Light {
  /** Added to brightness. */
  readonly brighter?: number;
  readonly shareOfDogs?: number;
  readonly accuracy?: (confidence: number) => number;
}

function statistics(random: Random, { brighter = 0 }: Light): PictureStatistics {
  const normal = (mean: number, deviation: number): number => mean + deviation * random.normal();
  return {
    brightness: normal(120 + brighter, 25),
    contrast: normal(55, 8),
    sharpness: normal(6, 1),
    saturation: Math.min(1, Math.max(0, normal(0.4, 0.1))),
    redGreen: normal(4, 6),
    blueYellow: normal(-6, 8),
    width: 200 + random.integer(600),
    height: 200 + random.integer(600),
    aspect: normal(0, 0.3),
  };
}

/** An answer that is right as often as it is sure, unless `accuracy` says otherwise. */
export function drawAnswer(random: Random, light: Light = {}) {
  const target = random.next() < (light.shareOfDogs ?? 0.5) ? 1 : 0;
  const confidence = Math.fround(0.6 + 0.39 * random.next());
  const isRight = random.next() < (light.accuracy ?? ((sure) => sure))(confidence);
  return { target, given: isRight ? target : 1 - target, confidence, statistics: statistics(random, light) };
}

/** Of answers as `drawAnswer` gives them. */
export function drawReference(count = 1000): ReferenceProfile {
  const random = createRandom(1);
  const answers = Array.from({ length: count }, () => drawAnswer(random));
  const column = (name: keyof PictureStatistics): number[] => answers.map((one) => Math.fround(one.statistics[name]!));
  const names = Object.keys(answers[0]!.statistics) as (keyof PictureStatistics)[];
  const dogs = answers.filter(({ given }) => given === 1).length;
  return {
    version: 1,
    statisticsVersion: 1,
    split: "test",
    count,
    accuracy: answers.filter(({ target, given }) => target === given).length / count,
    meanConfidence: answers.reduce((sum, { confidence }) => sum + confidence, 0) / count,
    expectedCalibrationError: 0.02,
    answerCounts: [count - dogs, dogs],
    sample: {
      answers: answers.map(({ given }) => given),
      targets: answers.map(({ target }) => target),
      confidences: answers.map(({ confidence }) => confidence),
      statistics: Object.fromEntries(names.map((name) => [name, column(name)])),
    },
  };
}

/** What the prediction log has of an answer. */
export function answerInRow({
  given,
  confidence,
  statistics,
}: ReturnType<typeof drawAnswer>): Pick<LoggedPrediction, "label" | "confidence" | "probabilities" | "statistics"> {
  const rest = 1 - confidence;
  return {
    label: drawnLabels[given]!,
    confidence,
    probabilities: given === 0 ? Float32Array.of(confidence, rest) : Float32Array.of(rest, confidence),
    statistics: statisticsToRow(statistics),
  };
}
