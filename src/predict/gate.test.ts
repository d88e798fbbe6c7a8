import { expect, it } from "vitest";
import { deferred } from "../base/deferred.ts";
import { createGate } from "./gate.ts";

const patient = { deadline: Number.POSITIVE_INFINITY, isGone: false };

it("lets so many in at once, and the others in the order in which they came", async () => {
  const gate = createGate({ slots: 2, now: () => 0 });
  const started: number[] = [];
  const work = Array.from({ length: 5 }, () => deferred<void>());
  const passed = work.map(({ promise }, index) =>
    gate.pass(patient, async () => {
      started.push(index);
      await promise;
      return index * 10;
    }),
  );
  await Promise.resolve();
  expect(started).toEqual([0, 1]);
  expect(gate.waiting).toBe(3);
  work[1]!.resolve();
  await passed[1];
  await Promise.resolve();
  expect(started).toEqual([0, 1, 2]);
  for (const { resolve } of work) resolve();
  expect(await Promise.all(passed)).toEqual([0, 10, 20, 30, 40]);
  expect(started).toEqual([0, 1, 2, 3, 4]);
  expect(gate.waiting).toBe(0);
});

it("gives the place free when work fails", async () => {
  const gate = createGate({ slots: 1, now: () => 0 });
  await expect(gate.pass(patient, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(await gate.pass(patient, async () => "next")).toBe("next");
});

it("does no work for those who have left or whose time is over when their turn comes", async () => {
  let time = 0;
  const gate = createGate({ slots: 1, now: () => time });
  const first = deferred<void>();
  const running = gate.pass(patient, () => first.promise);
  const leaver = { deadline: 1000, isGone: false };
  const calls: string[] = [];
  const results = Promise.allSettled([
    gate.pass(leaver, async () => calls.push("leaver")),
    gate.pass({ deadline: 50, isGone: false }, async () => calls.push("late")),
    gate.pass(patient, async () => calls.push("patient")),
  ]);
  leaver.isGone = true;
  time = 60;
  first.resolve();
  await running;
  const codes = (await results).map((result) => (result.status === "rejected" ? result.reason.code : result.status));
  expect(codes).toEqual(["CLIENT_GONE", "DEADLINE_EXCEEDED", "fulfilled"]);
  expect(calls).toEqual(["patient"]);
});

it("takes the deadline itself as too late", async () => {
  const gate = createGate({ slots: 1, now: () => 50 });
  await expect(gate.pass({ deadline: 50, isGone: false }, async () => 1)).rejects.toMatchObject({
    code: "DEADLINE_EXCEEDED",
  });
  expect(await gate.pass({ deadline: 51, isGone: false }, async () => 1)).toBe(1);
});
