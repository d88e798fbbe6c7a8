import { describe, expect, it } from "vitest";
import { createTaskMeter } from "./task-meter.ts";

describe("a task meter", () => {
  it("says how far a task is, how fast, and how long it takes yet", () => {
    const meter = createTaskMeter({ total: 1000, unit: "images" }, 0);
    expect(meter.describe(0)).toBe("0% (0/1000 images)");
    meter.advance(400, 2000);
    expect(meter.fraction()).toBe(0.4);
    expect(meter.describe(2000)).toBe("40% (400/1000 images), 200 images/s, 3.0 s left");
    meter.advance(600, 4000);
    expect(meter.describe(4000)).toBe("100% (1000/1000 images), 250 images/s");
    expect(meter.summarize(4000)).toBe("1000 images in 4.0 s, 250 images/s");
  });

  it("counts bytes in their units, and does without a total", () => {
    const known = createTaskMeter({ total: 4_000_000, unit: "B" }, 0);
    known.advance(1_000_000, 1000);
    expect(known.describe(1000)).toBe("25% (1.0 MB/4.0 MB), 1.0 MB/s, 3.0 s left");
    const open = createTaskMeter({ unit: "files" }, 0);
    open.advance(10, 1000);
    expect(open.fraction()).toBeUndefined();
    expect(open.describe(1000)).toBe("10 files, 10.0 files/s");
  });

  it("takes the rate of the last seconds, so that a slow beginning is forgotten", () => {
    const meter = createTaskMeter({ total: 10_000, unit: "steps" }, 0);
    for (let second = 1; second <= 60; second++) meter.advance(1, second * 1000);
    for (let second = 61; second <= 100; second++) meter.advance(100, second * 1000);
    expect(meter.describe(100_000)).toContain("100 steps/s");
  });

  it("knows the rate of a task that moves once in minutes", () => {
    const meter = createTaskMeter({ total: 10, unit: "epochs" }, 0);
    for (let minute = 1; minute <= 4; minute++) meter.advance(1, minute * 120_000);
    expect(meter.describe(480_000)).toBe("40% (4/10 epochs), 0.01 epochs/s, 12 m 00 s left");
  });

  it("takes an empty task as finished", () => {
    const meter = createTaskMeter({ total: 0, unit: "images" }, 5);
    expect(meter.fraction()).toBe(1);
    expect(meter.describe(5)).toBe("100% (0/0 images)");
    expect(meter.summarize(5)).toBe("0 images in 0 ms");
  });
});
