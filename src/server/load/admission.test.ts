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

it("lets anything into an empty service, however large and late", () => {
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
  admission.leave(1, true);
  admission.requireRoom(1e9);
  admission.enter(1, 1e9);
  expect(admission.pending).toBe(2);
});

it("refuses what, at the pace of late, would be answered after its deadline", () => {
  const { admission, pass, time } = clockedAdmission(1000);
  for (let round = 0; round < 200; round++) {
    admission.enter(1, 1e9);
    pass(10);
    admission.leave(1, true);
  }
  expect(admission.msPerPicture).toBeCloseTo(10, 6);
  admission.enter(10, 1e9);
  expect(() => admission.enter(1, time() + 99)).toThrow(/10 wait, about 100 ms of work/);
  admission.enter(1, time() + 100);
});

it("measures the pace between answers, not the pause before them", () => {
  const { admission, pass } = clockedAdmission(1000);
  for (let round = 0; round < 100; round++) {
    pass(5000);
    admission.enter(4, 1e9);
    pass(8);
    admission.leave(4, true);
  }
  expect(admission.msPerPicture).toBeCloseTo(2, 6);
});

it("forgets two thirds of an old pace within 32 pictures", () => {
  const { admission, pass } = clockedAdmission(1000);
  const answer = (ms: number) => {
    admission.enter(1, 1e9);
    pass(ms);
    admission.leave(1, true);
  };
  for (let round = 0; round < 192; round++) answer(100);
  for (let round = 0; round < 32; round++) answer(0);
  expect(admission.msPerPicture).toBeGreaterThan(20);
  expect(admission.msPerPicture).toBeLessThan(40);
});

it("does not take one long pause for a new pace, but does take a slower engine for one", () => {
  const { admission, pass } = clockedAdmission(1000);
  const answer = (ms: number) => {
    admission.enter(1, 1e9);
    pass(ms);
    admission.leave(1, true);
  };
  for (let round = 0; round < 200; round++) answer(2);
  answer(500);
  for (let round = 0; round < 15; round++) answer(2);
  expect(admission.msPerPicture).toBeLessThan(5);
  for (let round = 0; round < 200; round++) answer(20);
  expect(admission.msPerPicture).toBeGreaterThan(19);
});

it("has no opinion before it has seen some pictures: a cold start is no pace", () => {
  const { admission, pass } = clockedAdmission(1000);
  admission.enter(1, 1e9);
  pass(900);
  admission.leave(1, true);
  expect(admission.msPerPicture).toBe(0);
  for (let at = 0; at < 100; at++) admission.enter(1, 2000);
});

it("takes the burst in which a batch is answered for what it is", () => {
  const { admission, pass } = clockedAdmission(1000);
  for (let round = 0; round < 50; round++) {
    for (let at = 0; at < 16; at++) admission.enter(1, 1e9);
    pass(32);
    for (let at = 0; at < 16; at++) admission.leave(1, true);
  }
  expect(admission.msPerPicture).toBeCloseTo(2, 6);
});

it("learns nothing from pictures that were dropped", () => {
  const { admission, pass } = clockedAdmission(1000);
  for (let round = 0; round < 100; round++) {
    admission.enter(1, 1e9);
    pass(10);
    admission.leave(1, true);
  }
  for (let at = 0; at < 200; at++) admission.enter(1, 1e9);
  for (let at = 0; at < 200; at++) admission.leave(1, false);
  expect(admission.msPerPicture).toBeCloseTo(10, 6);
  expect(admission.pending).toBe(0);
});

it("says in the refusal when to come again", () => {
  const { admission, pass, time } = clockedAdmission(1000);
  for (let round = 0; round < 100; round++) {
    admission.enter(1, 1e9);
    pass(400);
    admission.leave(1, true);
  }
  admission.enter(10, 1e9);
  expect(() => admission.enter(1, time() + 100)).toThrow(
    expect.objectContaining({ code: "OVERLOADED", hint: "send it again in 4 s" }),
  );
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
          if (leaving !== undefined) admission.leave(leaving, true);
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
      for (const count of inside) admission.leave(count, true);
      expect(admission.pending).toBe(0);
    }),
  );
});

it("says when to come again in whole seconds, from 1 to 60", () => {
  expect([0, 999, 1001, 1e9].map(retryAfterSeconds)).toEqual([1, 1, 2, 60]);
});
