import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Deferred, deferred } from "../base/deferred.ts";
import type { AppError } from "../base/errors.ts";
import { createGate, type Weight } from "./gate.ts";

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

describe("with heavy work", () => {
  const heavy = { ms: 100, isHeavy: true };
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A gate on the clock of the fake timers, and work that is ended by hand. */
  function openGate(slots: number, heavySlots?: number) {
    const gate = createGate({ slots, ...(heavySlots !== undefined && { heavySlots }), now: () => performance.now() });
    const started: string[] = [];
    const open = new Map<string, Deferred<void>>();
    const ask = (name: string, weight?: Weight, patienceMs = 2000, urgency = patience(patienceMs)) => {
      const done = deferred<void>();
      open.set(name, done);
      const work = (): Promise<void> => {
        started.push(name);
        return done.promise;
      };
      return gate.pass(urgency, work, weight).then(
        () => "done",
        (error: AppError) => error.code,
      );
    };
    const end = async (name: string): Promise<void> => {
      open.get(name)!.resolve();
      await vi.advanceTimersByTimeAsync(0);
    };
    return { gate, started, ask, end };
  }
  const patience = (ms: number) => ({ deadline: performance.now() + ms, isGone: false });

  it("gives it its own slots only, and lets others past it", async () => {
    const { started, ask, end } = openGate(3, 1);
    void ask("heavy 1", heavy);
    void ask("heavy 2", heavy);
    void ask("light 1");
    void ask("light 2");
    expect(started).toEqual(["heavy 1", "light 1", "light 2"]);
    await end("light 1");
    expect(started).toHaveLength(3);
  });

  it("lets its slot rest as long as it took where others came, and not where none did", async () => {
    const { started, ask, end } = openGate(3, 1);
    void ask("heavy 1", heavy);
    void ask("heavy 2", heavy);
    void ask("heavy 3", heavy);
    await vi.advanceTimersByTimeAsync(100);
    await end("heavy 1");
    expect(started).toEqual(["heavy 1", "heavy 2"]);
    void ask("light");
    await vi.advanceTimersByTimeAsync(100);
    await end("heavy 2");
    await vi.advanceTimersByTimeAsync(99);
    expect(started).toEqual(["heavy 1", "heavy 2", "light"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(started.at(-1)).toBe("heavy 3");
  });

  it("answers the caller at its deadline while the work goes on, whose slot stays taken", async () => {
    const { started, ask, end } = openGate(3, 1);
    const first = ask("heavy 1", heavy, 300);
    void ask("heavy 2", heavy, 5000);
    await vi.advanceTimersByTimeAsync(350);
    expect(await first).toBe("DEADLINE_EXCEEDED");
    expect(started).toEqual(["heavy 1"]);
    await end("heavy 1");
    expect(started).toEqual(["heavy 1", "heavy 2"]);
  });

  it("tells a caller that left while its work went on, or waited", async () => {
    const { started, ask } = openGate(2, 1);
    const leaver = { deadline: 1e9, isGone: false };
    const results = [ask("heavy 1", heavy, 0, leaver), ask("heavy 2", heavy, 0, leaver)];
    leaver.isGone = true;
    await vi.advanceTimersByTimeAsync(50);
    expect(await Promise.all(results)).toEqual(["CLIENT_GONE", "CLIENT_GONE"]);
    expect(started).toEqual(["heavy 1"]);
  });

  it("refuses what waited and could not end in time any more, though not at once", async () => {
    const { gate, started, ask, end } = openGate(3, 1);
    void ask("heavy 1", heavy, 5000);
    const short = ask("heavy 2", heavy, 150);
    const long = ask("heavy 3", { ms: 900, isHeavy: true }, 1000);
    const patient = ask("heavy 4", heavy, 5000);
    await vi.advanceTimersByTimeAsync(101);
    // Too late for the second and the third already.
    await end("heavy 1");
    expect(started).toEqual(["heavy 1", "heavy 4"]);
    await vi.advanceTimersByTimeAsync(450);
    expect([await short, await long]).toEqual(["DEADLINE_EXCEEDED", "OVERLOADED"]);
    expect(gate.waiting).toBe(0);
    await end("heavy 4");
    expect(await patient).toBe("done");
  });

  it("says when to come again", async () => {
    const { gate, ask } = openGate(3, 1);
    const long = { ms: 1900, isHeavy: true };
    void ask("heavy 1", long);
    const refused = gate.pass(patience(2000), async () => undefined, long);
    const error = refused.catch((thrown: AppError) => thrown);
    await vi.advanceTimersByTimeAsync(500);
    expect(await error).toMatchObject({ code: "OVERLOADED", retryAfterSeconds: 4 });
  });

  it("learns how long it takes here", async () => {
    const { started, ask, end } = openGate(2, 1);
    for (let round = 0; round < 12; round++) {
      void ask(`heavy ${round}`, heavy, 10_000);
      await vi.advanceTimersByTimeAsync(1000);
      await end(`heavy ${round}`);
    }
    void ask("busy", heavy, 10_000);
    // Ten times the estimate: 100 ms are a second.
    const late = ask("late", heavy, 900);
    await vi.advanceTimersByTimeAsync(550);
    expect(await late).toBe("OVERLOADED");
    expect(started).not.toContain("late");
  });

  it("learns nothing from work that is far longer than was thought, or too short to be measured", async () => {
    const { started, ask, end } = openGate(2, 1);
    for (const ms of [0.003, 0.003, 11]) {
      void ask(`odd ${ms}`, { ms, isHeavy: true }, 100_000);
      await vi.advanceTimersByTimeAsync(5000);
      await end(`odd ${ms}`);
    }
    void ask("busy", heavy, 10_000);
    void ask("next", heavy, 3000);
    await vi.advanceTimersByTimeAsync(1000);
    await end("busy");
    expect(started).toContain("next");
  });

  it("lets small work past longer work that waits, but not past what came long before", async () => {
    const { started, ask, end } = openGate(1);
    const photograph = { ms: 40, isHeavy: false };
    void ask("busy");
    void ask("photograph", photograph);
    await vi.advanceTimersByTimeAsync(399);
    void ask("small");
    await vi.advanceTimersByTimeAsync(2);
    void ask("later");
    for (const name of ["busy", "small", "photograph"]) await end(name);
    expect(started).toEqual(["busy", "small", "photograph", "later"]);
  });

  it("leaves no timer behind", async () => {
    const { ask, end } = openGate(1);
    void ask("light");
    await end("light");
    await vi.advanceTimersByTimeAsync(50);
    expect(vi.getTimerCount()).toBe(0);
  });
});
