import { expect, it } from "vitest";
import { AppError } from "../base/errors.ts";
import { createLogger } from "../base/logger.ts";
import { createRetention } from "./retention.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const yearMs = 365 * dayMs;

/** A service from its start on, with a look at its log every hour. */
function startRetention() {
  const time = { wall: 1_700_000_000_000, steady: 5000 };
  const removed: number[] = [];
  const logged: string[] = [];
  const store = { isAway: false };
  const retention = createRetention({
    log: {
      async removeBefore(timeMs) {
        if (store.isAway) throw new AppError("PREDICTION_LOG_UNAVAILABLE", { required: "a log", received: "none" });
        removed.push(timeMs);
        return 0;
      },
    },
    days: 30,
    logger: createLogger((level, message) => logged.push(`${level} ${message}`)),
    clock: () => time.wall,
    now: () => time.steady,
  });
  const pass = async (hours: number): Promise<void> => {
    for (let hour = 0; hour < hours; hour++) {
      time.wall += hourMs;
      time.steady += hourMs;
      await retention.clean();
    }
  };
  return { time, removed, logged, store, pass, clean: retention.clean };
}

it("removes what is older than so many days, every hour once the clock is believed", async () => {
  const { time, removed, logged, pass, clean } = startRetention();
  await clean();
  await pass(5);
  expect(removed).toEqual([]);
  await pass(2);
  expect(removed).toEqual([time.wall - hourMs - 30 * dayMs, time.wall - 30 * dayMs]);
  expect(logged).toEqual([]);
});

it("removes nothing for a clock that jumps years ahead and is corrected", async () => {
  const { time, removed, logged, pass } = startRetention();
  await pass(6);
  const before = removed.length;
  time.wall += 5 * yearMs;
  await pass(5);
  time.wall -= 5 * yearMs;
  await pass(5);
  expect(removed).toHaveLength(before);
  await pass(2);
  expect(removed.slice(before)).toEqual([time.wall - 30 * dayMs]);
  expect(logged).toEqual(Array(2).fill("warn the clock was changed: old predictions stay for six more hours"));
});

it("goes on after a clock that drifts, and says when the store does not remove", async () => {
  const { time, removed, logged, store, pass } = startRetention();
  for (let hour = 0; hour < 6; hour++) {
    time.wall += 2000;
    await pass(1);
  }
  expect(removed).toHaveLength(1);
  store.isAway = true;
  await pass(1);
  store.isAway = false;
  await pass(1);
  expect(removed).toHaveLength(2);
  expect(logged).toEqual(["warn old predictions could not be removed from their log"]);
});
