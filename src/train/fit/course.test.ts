import { expect, it } from "vitest";
import { createCourse } from "./course.ts";
import type { FitOptions } from "./fit-options.ts";

const stages = [{ until: 0.35 }, { until: 0.7 }, { until: 1 }];
const courseOf = (options: Partial<FitOptions>) =>
  createCourse({ learningRate: 1, stages, ...options } as FitOptions, 10);
const stagesOf = (epochs: number) => {
  const course = courseOf({ epochs });
  return Array.from({ length: epochs }, (_, at) => stages.indexOf(course.stageOf(at + 1) as (typeof stages)[number]));
};

it("comes to the last stage also in few epochs", () => {
  expect(stagesOf(1)).toEqual([2]);
  expect(stagesOf(2)).toEqual([0, 2]);
  expect(stagesOf(3)).toEqual([0, 1, 2]);
  expect(stagesOf(10)).toEqual([0, 0, 0, 1, 1, 1, 1, 2, 2, 2]);
});

it("goes through all stages in a time that is shorter than an epoch", () => {
  let now = 0;
  const course = courseOf({ epochs: 1e6, timeMs: 1000, nowMs: () => now });
  const seen: number[] = [];
  for (let epoch = 1; course.hasEpoch(epoch); epoch++) {
    seen.push(stages.indexOf(course.stageOf(epoch) as (typeof stages)[number]));
    while (!course.isOver()) now += 10;
  }
  expect(seen).toEqual([0, 1, 2]);
  expect(now).toBe(1000);
});

it("does not cut epochs of a time that holds many", () => {
  let now = 0;
  const course = courseOf({ epochs: 1e6, timeMs: 10_000, nowMs: () => now });
  let cut = 0;
  const seen: number[] = [];
  for (let epoch = 1; course.hasEpoch(epoch); epoch++) {
    seen.push(stages.indexOf(course.stageOf(epoch) as (typeof stages)[number]));
    for (let step = 0; step < 10; step++) {
      now += 48;
      if (!course.isOver()) continue;
      if (now < 10_000) cut++;
      break;
    }
  }
  expect(cut).toBe(0);
  expect(new Set(seen)).toEqual(new Set([0, 1, 2]));
});

it("keeps time for validation from the first step on after an interruption", () => {
  const resume = { elapsedMs: 500, validationMs: 200, history: [] } as unknown as FitOptions["resume"] & object;
  const course = courseOf({ epochs: 1e6, timeMs: 1000, nowMs: () => 0, resume });
  expect([course.elapsedMs(), course.validationMs()]).toEqual([500, 200]);
  const late = courseOf({ epochs: 1e6, timeMs: 1000, nowMs: () => 0, resume: { ...resume, elapsedMs: 800 } });
  expect([course.hasEpoch(9), late.hasEpoch(9)]).toEqual([true, false]);
});

it("validates an epoch that was begun before an interruption, also when the time is over", () => {
  const resume = { elapsedMs: 1000, validationMs: 100, history: [], epoch: 8, position: { batches: 4 } };
  const course = courseOf({ epochs: 1e6, timeMs: 1000, nowMs: () => 0, resume: resume as never });
  expect([course.hasEpoch(9), course.hasEpoch(10)]).toEqual([true, false]);
  course.stageOf(9);
  expect(course.isOver()).toBe(true);
});

it("knows from before an interruption how long an epoch takes", () => {
  const resume = {
    elapsedMs: 340,
    validationMs: 0,
    history: [{ durationMs: 100 }],
    epoch: 3,
    position: { batches: 0 },
  };
  let now = 0;
  const course = courseOf({ epochs: 1e6, timeMs: 1000, nowMs: () => now, resume: resume as never });
  expect(course.stageOf(4)).toBe(stages[1]);
  now = 100;
  expect(course.isOver()).toBe(false);
});

/**
 * Stage and steps of each epoch of 10 steps of 170 ms in 10 s, with an interruption after so many
 * steps in all.
 */
function walk(interruptedAfter = Number.POSITIVE_INFINITY): readonly string[] {
  let now = 0;
  let course = courseOf({ epochs: 1e6, timeMs: 10_000, nowMs: () => now });
  const epochs: string[] = [];
  const history: { durationMs: number }[] = [];
  let total = 0;
  for (let epoch = 1; course.hasEpoch(epoch); epoch++) {
    const stage = stages.indexOf(course.stageOf(epoch) as (typeof stages)[number]);
    let steps = 0;
    do {
      now += 170;
      steps++;
      if (++total !== interruptedAfter || steps === 10) continue;
      const [elapsedMs, epochStartedMs] = [course.elapsedMs(), course.epochStartedMs()];
      const position = { batches: steps };
      const resume = { elapsedMs, epochStartedMs, validationMs: 0, history, epoch: epoch - 1, position };
      const pauseMs = 1_000_000;
      now += pauseMs;
      course = courseOf({ epochs: 1e6, timeMs: 10_000, nowMs: () => now, resume: resume as never });
      expect(course.stageOf(epoch)).toBe(stages[stage]);
    } while (steps < 10 && !course.isOver());
    history.push({ durationMs: course.elapsedMs() - course.epochStartedMs() });
    epochs.push(`${stage}: ${steps}`);
  }
  return epochs;
}

it("goes on within an epoch by time as if there had been no interruption", () => {
  const whole = walk();
  expect(whole.length).toBeGreaterThan(5);
  for (let after = 1; after < 58; after++) expect(walk(after), `after ${after} steps`).toEqual(whole);
});
