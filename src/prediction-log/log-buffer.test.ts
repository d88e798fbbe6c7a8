import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { prediction } from "../../tests/contracts/prediction-log.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { AppError } from "../base/errors.ts";
import { createLogger } from "../base/logger.ts";
import { LogBuffer, type LogBufferOptions } from "./log-buffer.ts";
import type { LoggedPrediction } from "./prediction-log.ts";
import { openServiceLog } from "./service-log.ts";

function openBuffer(options: Partial<LogBufferOptions> = {}) {
  const rows: LoggedPrediction[] = [];
  const state = { isAway: false, calls: 0 };
  const counted = { written: 0, dropped: 0 };
  const logged: string[] = [];
  const log = {
    location: "the store",
    async append(batch: readonly LoggedPrediction[]) {
      state.calls++;
      if (state.isAway) throw new AppError("PREDICTION_LOG_UNAVAILABLE", { required: "a log", received: "none" });
      rows.push(...batch);
    },
  };
  const buffer = new LogBuffer({
    log,
    logger: createLogger((level, message) => logged.push(`${level} ${message}`)),
    pauseMs: 5,
    longestPauseMs: 20,
    onWritten: (count) => (counted.written += count),
    onDropped: (count) => (counted.dropped += count),
    ...options,
  });
  return { buffer, rows, state, counted, logged };
}

const many = (count: number, from = 0) => Array.from({ length: count }, (_, at) => prediction(from + at));

describe("a buffer before a prediction log", () => {
  it("writes all of it, in order and in batches", async () => {
    const { buffer, rows, state } = openBuffer();
    for (let at = 0; at < 1200; at += 3) buffer.add(many(3, at));
    await expect.poll(() => rows.length).toBe(1200);
    expect(rows).toEqual(many(1200));
    expect(state.calls).toBeLessThanOrEqual(4);
    expect(buffer.waiting).toBe(0);
    await buffer.close(1000);
  });

  it("keeps what a store that is away does not take, up to its bound, and counts the rest", async () => {
    const { buffer, rows, state, counted, logged } = openBuffer({ capacity: 100 });
    state.isAway = true;
    buffer.add(many(90));
    expect(await buffer.flush()).toBe(false);
    buffer.add(many(30, 90));
    expect(buffer).toMatchObject({ waiting: 100, dropped: 20 });
    await expect.poll(() => state.calls).toBeGreaterThan(2);
    state.isAway = false;
    await expect.poll(() => rows.length).toBe(100);
    expect(rows).toEqual(many(100));
    expect(counted).toEqual({ written: 100, dropped: 20 });
    expect(logged.map((line) => line.split(" ")[0])).toEqual(["warn", "info"]);
    await buffer.close(1000);
  });

  it("writes what waits when it is closed, and counts what it cannot write", async () => {
    const whole = openBuffer({ pauseMs: 60_000 });
    whole.buffer.add(many(5));
    await whole.buffer.close(1000);
    expect(whole.rows).toHaveLength(5);
    whole.buffer.add(many(1));
    expect(whole.counted).toEqual({ written: 5, dropped: 1 });
    const away = openBuffer({ pauseMs: 60_000 });
    away.state.isAway = true;
    away.buffer.add(many(7));
    await away.buffer.close(1000);
    expect(away.counted).toEqual({ written: 0, dropped: 7 });
    expect(away.logged.at(-1)).toBe("warn 7 predictions could not be logged in the store");
  });

  it("has on disk what came before a flush", async () => {
    const log = await openServiceLog(join(temporaryFolder("log"), "predictions.db"));
    const buffer = new LogBuffer({ log, logger: createLogger(() => undefined), pauseMs: 60_000 });
    buffer.add(many(3));
    const first = buffer.flush();
    buffer.add([prediction(9)]);
    expect(await buffer.flush()).toBe(true);
    await first;
    expect(await log.find("request-9")).toEqual([prediction(9)]);
    expect(await log.count()).toBe(4);
    await buffer.close(1000);
    await log.close();
  });
});
