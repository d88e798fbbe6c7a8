import { describe, expect, it } from "vitest";
import { constantSchedule, cosineWithWarmup, oneCycle } from "./schedule.ts";

describe("schedules", () => {
  it("constant stays at the peak", () => {
    expect([0, 5, 9].map((step) => constantSchedule()(step, 10))).toEqual([1, 1, 1]);
  });

  it("cosine climbs in a straight line, then falls to its floor", () => {
    const schedule = cosineWithWarmup({ warmup: 0.2, floor: 0.1 });
    const factors = Array.from({ length: 21 }, (_, step) => schedule(step, 21));
    expect(factors.slice(0, 4)).toEqual([1 / 5, 2 / 5, 3 / 5, 4 / 5]);
    expect(factors[4]).toBeCloseTo(1, 12);
    expect(factors[12]).toBeCloseTo(0.55, 12); // half way between 1 and 0.1
    expect(factors[20]).toBeCloseTo(0.1, 12);
  });

  it("one-cycle gives PyTorch's OneCycleLR values", () => {
    // torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=10), anneal_strategy "cos", read
    // with 2.13.
    const torch = [
      0.04, 0.52, 1, 0.9504846320134737, 0.8117456539497631, 0.6112620219362893, 0.38874197806371075,
      0.18825834605023697, 0.049519367986526286, 4e-6,
    ];
    for (const [step, expected] of torch.entries()) expect(oneCycle()(step, 10)).toBeCloseTo(expected, 12);
  });

  it.each([constantSchedule(), cosineWithWarmup(), oneCycle()])(
    "stays between 0 and 1, even for one step",
    (schedule) => {
      for (const total of [1, 2, 3, 50]) {
        for (let step = 0; step < total; step++) {
          expect(schedule(step, total)).toBeGreaterThanOrEqual(0);
          expect(schedule(step, total)).toBeLessThanOrEqual(1);
        }
      }
    },
  );
});
