import fc from "fast-check";
import { expect, it } from "vitest";
import { createAdmission, retryAfterSeconds } from "./admission.ts";

function clockedAdmission(limit: number) {
  let time = 0;
  const admission = createAdmission({ limit, now: () => time });
  return {
    admission,
    pass: (ms: number) => {
      time += ms;
    },
    time: () => time,
  };
}

it("lets anything into an empty house, however large and late", () => {
  const { admission } = clockedAdmission(4);
  admission.enter(9, -1);
  expect(admission.pending).toBe(9);
});

it("is full at its limit, and has room again when somebody leaves", () => {
  const { admission } = clockedAdmission(2);
  admission.enter(1, 1000);
  admission.enter(1, 1000);
  expect(() => admission.enter(1, 1000)).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
  expect(() => admission.requireRoom(1000)).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
  expect(admission.pending).toBe(2);
  admission.leave(1);
  admission.requireRoom(1e9);
  admission.enter(1, 1e9);
  expect(admission.pending).toBe(2);
});

it("refuses what, at the pace of late, would be answered after its deadline", () => {
  const { admission, pass, time } = clockedAdmission(1000);
  for (let round = 0; round < 200; round++) {
    admission.enter(1, 1e9);
    pass(10);
    admission.leave(1);
  }
  expect(admission.msPerPicture).toBeCloseTo(10, 6);
  admission.enter(10, 1e9);
  expect(() => admission.enter(1, time() + 99)).toThrow(/10 wait, some 100 ms of work/);
  admission.enter(1, time() + 100);
});

it("measures the pace between answers, not the pause before them", () => {
  const { admission, pass } = clockedAdmission(1000);
  for (let round = 0; round < 100; round++) {
    pass(5000);
    admission.enter(4, 1e9);
    pass(8);
    admission.leave(4);
  }
  expect(admission.msPerPicture).toBeCloseTo(2, 6);
});

it("forgets half of an old pace within some twenty pictures", () => {
  const { admission, pass } = clockedAdmission(1000);
  const answer = (ms: number) => {
    admission.enter(1, 1e9);
    pass(ms);
    admission.leave(1);
  };
  for (let round = 0; round < 200; round++) answer(100);
  for (let round = 0; round < 20; round++) answer(0);
  expect(admission.msPerPicture).toBeGreaterThan(45);
  expect(admission.msPerPicture).toBeLessThan(55);
});

it("never counts wrong, whatever comes and goes", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.boolean()), { maxLength: 60 }), (events) => {
      const { admission, pass } = clockedAdmission(20);
      const inside: number[] = [];
      for (const [count, isLeaving] of events) {
        pass(1);
        if (isLeaving) {
          const leaving = inside.shift();
          if (leaving !== undefined) admission.leave(leaving);
          continue;
        }
        try {
          admission.enter(count, 1e9);
          inside.push(count);
        } catch {
          const pending = inside.reduce((sum, one) => sum + one, 0);
          expect(pending + count).toBeGreaterThan(20);
          expect(inside).not.toEqual([]);
        }
        expect(admission.pending).toBe(inside.reduce((sum, one) => sum + one, 0));
      }
      for (const count of inside) admission.leave(count);
      expect(admission.pending).toBe(0);
    }),
  );
});

it("says when to come again in whole seconds, from 1 to 60", () => {
  expect([0, 999, 1001, 1e9].map(retryAfterSeconds)).toEqual([1, 1, 2, 60]);
});
