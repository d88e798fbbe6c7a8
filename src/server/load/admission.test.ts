import fc from "fast-check";
import { expect, it } from "vitest";
import { retryAfterSeconds } from "../../predict/gate.ts";
import { createAdmission, type Load } from "./admission.ts";

/** Small pictures. */
const small = (pictures: number): Load => ({ pictures, work: pictures });

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
  admission.enter(small(9), -1);
  expect(admission.pending).toBe(9);
});

it("is full at its limit, and has room again when somebody leaves", () => {
  const { admission } = clockedAdmission(2);
  admission.enter(small(1), 1000);
  admission.enter(small(1), 1000);
  expect(() => admission.enter(small(1), 1000)).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
  expect(() => admission.requireRoom(1000)).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
  expect(admission.pending).toBe(2);
  admission.leave(small(1), true);
  admission.requireRoom(1e9);
  admission.enter(small(1), 1e9);
  expect(admission.pending).toBe(2);
});

it("keeps room for small pictures, however many heavy ones come", () => {
  const { admission } = clockedAdmission(400);
  const heavy: Load = { pictures: 64, heavy: 64, work: 0 };
  admission.enter(heavy, 1000);
  for (let at = 0; at < 10; at++) {
    expect(() => admission.enter(heavy, 1000)).toThrow(/at most 100 pictures at once that are slow to decode/);
  }
  for (let at = 0; at < 300; at++) admission.enter(small(1), 1000);
  admission.leave(heavy, false);
  admission.enter(heavy, 1000);
});

it("refuses what, at the pace of late, would be answered after its deadline", () => {
  const { admission, pass, time } = clockedAdmission(1000);
  for (let round = 0; round < 200; round++) {
    admission.enter(small(1), 1e9);
    pass(10);
    admission.leave(small(1), true);
  }
  expect(admission.pace).toBeCloseTo(10, 6);
  admission.enter(small(10), 1e9);
  expect(() => admission.enter(small(1), time() + 99)).toThrow(/10 wait, about 100 ms of work/);
  admission.enter(small(1), time() + 100);
});

it("measures the pace between answers, not the pause before them", () => {
  const { admission, pass } = clockedAdmission(1000);
  for (let round = 0; round < 100; round++) {
    pass(5000);
    admission.enter(small(4), 1e9);
    pass(8);
    admission.leave(small(4), true);
  }
  expect(admission.pace).toBeCloseTo(2, 6);
});

it("forgets two thirds of an old pace within 32 pictures", () => {
  const { admission, pass } = clockedAdmission(1000);
  const answer = (ms: number) => {
    admission.enter(small(1), 1e9);
    pass(ms);
    admission.leave(small(1), true);
  };
  for (let round = 0; round < 192; round++) answer(100);
  for (let round = 0; round < 32; round++) answer(0);
  expect(admission.pace).toBeGreaterThan(20);
  expect(admission.pace).toBeLessThan(40);
});

it("does not take one long pause for a new pace, but does take a slower engine for one", () => {
  const { admission, pass } = clockedAdmission(1000);
  const answer = (ms: number) => {
    admission.enter(small(1), 1e9);
    pass(ms);
    admission.leave(small(1), true);
  };
  for (let round = 0; round < 200; round++) answer(2);
  answer(500);
  for (let round = 0; round < 15; round++) answer(2);
  expect(admission.pace).toBeLessThan(5);
  for (let round = 0; round < 200; round++) answer(20);
  expect(admission.pace).toBeGreaterThan(19);
});

it("has no opinion before it has seen some pictures: a cold start is no pace", () => {
  const { admission, pass } = clockedAdmission(1000);
  admission.enter(small(1), 1e9);
  pass(900);
  admission.leave(small(1), true);
  expect(admission.pace).toBe(0);
  for (let at = 0; at < 100; at++) admission.enter(small(1), 2000);
});

it("takes the burst in which a batch is answered for what it is", () => {
  const { admission, pass } = clockedAdmission(1000);
  for (let round = 0; round < 50; round++) {
    for (let at = 0; at < 16; at++) admission.enter(small(1), 1e9);
    pass(32);
    for (let at = 0; at < 16; at++) admission.leave(small(1), true);
  }
  expect(admission.pace).toBeCloseTo(2, 6);
});

it("learns nothing from pictures that were dropped", () => {
  const { admission, pass } = clockedAdmission(1000);
  for (let round = 0; round < 100; round++) {
    admission.enter(small(1), 1e9);
    pass(10);
    admission.leave(small(1), true);
  }
  for (let at = 0; at < 200; at++) admission.enter(small(1), 1e9);
  for (let at = 0; at < 200; at++) admission.leave(small(1), false);
  expect(admission.pace).toBeCloseTo(10, 6);
  expect(admission.pending).toBe(0);
});

it("says in the refusal when to come again", () => {
  const { admission, pass, time } = clockedAdmission(1000);
  for (let round = 0; round < 100; round++) {
    admission.enter(small(1), 1e9);
    pass(400);
    admission.leave(small(1), true);
  }
  admission.enter(small(10), 1e9);
  expect(() => admission.enter(small(1), time() + 100)).toThrow(
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
          if (leaving !== undefined) admission.leave(small(leaving), true);
          continue;
        }
        try {
          admission.enter(small(count), 1e9);
          inside.push(count);
        } catch {
          const pending = inside.reduce((sum, one) => sum + one, 0);
          expect(pending + count).toBeGreaterThan(20);
          expect(inside).not.toEqual([]);
        }
        expect(admission.pending).toBe(inside.reduce((sum, one) => sum + one, 0));
      }
      for (const count of inside) admission.leave(small(count), true);
      expect(admission.pending).toBe(0);
    }),
  );
});

it("says when to come again in whole seconds, from 1 to 60", () => {
  expect([0, 999, 1001, 1e9].map(retryAfterSeconds)).toEqual([1, 1, 2, 60]);
});

it("takes a large picture for as much work as it is", () => {
  const { admission, pass, time } = clockedAdmission(1000);
  const photograph: Load = { pictures: 1, work: 40 };
  for (let round = 0; round < 100; round++) {
    admission.enter(photograph, 1e9);
    pass(20);
    admission.leave(photograph, true);
  }
  expect(admission.pace).toBeCloseTo(0.5, 6);
  for (let at = 0; at < 10; at++) admission.enter(small(1), 1e9);
  admission.enter(small(1), time() + 5);
  admission.enter(photograph, 1e9);
  expect(() => admission.enter(small(1), time() + 20)).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
});

it("does not let heavy pictures, which stand in nobody's way, keep others out", () => {
  const { admission, pass, time } = clockedAdmission(30);
  const heavy: Load = { pictures: 1, work: 0 };
  for (let round = 0; round < 40; round++) {
    admission.enter(heavy, 1e9);
    pass(1500);
    admission.leave(heavy, round % 2 === 0);
  }
  expect(admission.pace).toBe(0);
  for (let at = 0; at < 29; at++) admission.enter(heavy, 1e9);
  admission.enter(small(1), time() + 1);
  expect(() => admission.enter(heavy, 1e9)).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
});

it("believes few answers in a long time, too", () => {
  const { admission, pass } = clockedAdmission(1000);
  const answer = (ms: number) => {
    admission.enter(small(1), 1e9);
    pass(ms);
    admission.leave(small(1), true);
  };
  for (let round = 0; round < 32; round++) answer(10);
  for (let round = 0; round < 5; round++) answer(2000);
  expect(admission.pace).toBeGreaterThan(300);
});
