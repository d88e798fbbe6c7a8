import { expect, it } from "vitest";
import { plainPlan } from "../../../tests/fixtures/fit-options.ts";
import type { EpochMetrics, Snapshot } from "./fit-options.ts";
import type { Stage, TrainingBudget } from "./fit-plan.ts";
import { createTrainingClock } from "./training-clock.ts";

const start: Snapshot = {
  epoch: 0,
  step: 0,
  position: { batches: 0, lossSum: 0, correct: 0 },
  elapsedMs: 0,
  epochStartedMs: 0,
  validationMs: 0,
  state: {},
  history: [],
  best: undefined,
};
const epochOf = (durationMs: number): EpochMetrics => ({
  epoch: 1,
  trainLoss: 1,
  trainAccuracy: 0,
  validationLoss: 1,
  validationAccuracy: 0,
  learningRate: 1,
  imagesPerSecond: 1,
  durationMs,
});
const stages: readonly Stage[] = [{ until: 0.35 }, { until: 0.7 }, { until: 1 }];
const clockOf = (budget: TrainingBudget, nowMs: () => number = () => 0, resume: Partial<Snapshot> = {}) => {
  const snapshot = Object.keys(resume).length > 0 ? { resume: { ...start, ...resume } } : { resume: undefined };
  return createTrainingClock({ plan: { ...plainPlan, budget, learningRate: 1, stages }, nowMs, ...snapshot }, 10);
};
const stagesOf = (epochs: number) => {
  const clock = clockOf({ epochs });
  return Array.from({ length: epochs }, (_, at) => stages.indexOf(clock.startEpoch(at + 1)));
};

it("reaches the last stage also in few epochs", () => {
  expect(stagesOf(1)).toEqual([2]);
  expect(stagesOf(2)).toEqual([0, 2]);
  expect(stagesOf(3)).toEqual([0, 1, 2]);
  expect(stagesOf(10)).toEqual([0, 0, 0, 1, 1, 1, 1, 2, 2, 2]);
});

it("goes through all stages in a time shorter than an epoch", () => {
  let now = 0;
  const clock = clockOf({ timeMs: 1000 }, () => now);
  const seen: number[] = [];
  for (let epoch = 1; clock.hasEpoch(epoch); epoch++) {
    seen.push(stages.indexOf(clock.startEpoch(epoch)));
    while (!clock.isOver()) now += 10;
  }
  expect(seen).toEqual([0, 1, 2]);
  expect(now).toBe(1000);
});

it("does not cut epochs short where there is time for many", () => {
  let now = 0;
  const clock = clockOf({ timeMs: 10_000 }, () => now);
  let cut = 0;
  const seen: number[] = [];
  for (let epoch = 1; clock.hasEpoch(epoch); epoch++) {
    seen.push(stages.indexOf(clock.startEpoch(epoch)));
    for (let step = 0; step < 10; step++) {
      now += 48;
      if (!clock.isOver()) continue;
      if (now < 10_000) cut++;
      break;
    }
  }
  expect(cut).toBe(0);
  expect(new Set(seen)).toEqual(new Set([0, 1, 2]));
});

it("keeps time for validation from the first step on when resumed", () => {
  const resume = { elapsedMs: 500, validationMs: 200 };
  const clock = clockOf({ timeMs: 1000 }, () => 0, resume);
  expect([clock.elapsedMs(), clock.validationMs()]).toEqual([500, 200]);
  const late = clockOf({ timeMs: 1000 }, () => 0, { ...resume, elapsedMs: 800 });
  expect([clock.hasEpoch(9), late.hasEpoch(9)]).toEqual([true, false]);
});

it("validates an epoch that was begun before an interruption, also when the time is over", () => {
  const resume = { elapsedMs: 1000, validationMs: 100, epoch: 8, position: { ...start.position, batches: 4 } };
  const clock = clockOf({ timeMs: 1000 }, () => 0, resume);
  expect([clock.hasEpoch(9), clock.hasEpoch(10)]).toEqual([true, false]);
  clock.startEpoch(9);
  expect(clock.isOver()).toBe(true);
});

it("knows from before an interruption how long an epoch takes", () => {
  const resume = {
    elapsedMs: 340,
    history: [epochOf(100)],
    epoch: 3,
  };
  let now = 0;
  const clock = clockOf({ timeMs: 1000 }, () => now, resume);
  expect(clock.startEpoch(4)).toBe(stages[1]);
  now = 100;
  expect(clock.isOver()).toBe(false);
});

/**
 * Stage and steps of each epoch of 10 steps of 170 ms in 10 s, with an interruption after this many
 * steps in all.
 */
function walk(interruptedAfter = Number.POSITIVE_INFINITY): readonly string[] {
  let now = 0;
  let clock = clockOf({ timeMs: 10_000 }, () => now);
  const epochs: string[] = [];
  const history: EpochMetrics[] = [];
  let total = 0;
  for (let epoch = 1; clock.hasEpoch(epoch); epoch++) {
    const stage = stages.indexOf(clock.startEpoch(epoch));
    let steps = 0;
    do {
      now += 170;
      steps++;
      if (++total !== interruptedAfter || steps === 10) continue;
      const [elapsedMs, epochStartedMs] = [clock.elapsedMs(), clock.epochStartedMs()];
      const position = { ...start.position, batches: steps };
      const resume = { elapsedMs, epochStartedMs, validationMs: 0, history, epoch: epoch - 1, position };
      const pauseMs = 1_000_000;
      now += pauseMs;
      clock = clockOf({ timeMs: 10_000 }, () => now, resume);
      expect(clock.startEpoch(epoch)).toBe(stages[stage]);
    } while (steps < 10 && !clock.isOver());
    history.push(epochOf(clock.elapsedMs() - clock.epochStartedMs()));
    epochs.push(`${stage}: ${steps}`);
  }
  return epochs;
}

it("resumes within an epoch with a time budget as if there had been no interruption", () => {
  const whole = walk();
  expect(whole.length).toBeGreaterThan(5);
  for (let after = 1; after < 58; after++) expect(walk(after), `after ${after} steps`).toEqual(whole);
});
