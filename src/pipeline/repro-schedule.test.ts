import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { interruption } from "../base/cancel.ts";
import { AppError } from "../base/errors.ts";
import { createQueue, type OnFailure, runSchedule } from "./repro-schedule.ts";

const failure = new AppError("STAGE_FAILED", { required: "an exit code 0", received: "1" });

/** a <- b <- d; c alone. */
const plan = ["a", "b", "c", "d"];
const needs = new Map([
  ["b", ["a"]],
  ["d", ["b"]],
]);

async function schedule(jobs: number, onFailure: OnFailure, failing: readonly string[] = []) {
  const log: string[] = [];
  let most = 0;
  let now = 0;
  const outcomes = await runSchedule({
    plan,
    needs,
    jobs,
    onFailure,
    async run(node) {
      most = Math.max(most, ++now);
      log.push(`+${node}`);
      await wait(5);
      now--;
      log.push(`-${node}`);
      if (failing.includes(node)) throw failure;
      return node;
    },
  });
  return { log, most, kinds: [...outcomes].map(([node, { kind }]) => `${node} ${kind}`) };
}

test("one at a time, in the order of the plan", async () => {
  expect(await schedule(1, "stop")).toMatchObject({
    log: ["+a", "-a", "+b", "-b", "+c", "-c", "+d", "-d"],
    most: 1,
    kinds: ["a done", "b done", "c done", "d done"],
  });
});

test("several at a time, each after what it needs", async () => {
  const { log, most } = await schedule(3, "stop");
  expect(most).toBe(2);
  expect(log.indexOf("+b")).toBeGreaterThan(log.indexOf("-a"));
  expect(log.indexOf("+d")).toBeGreaterThan(log.indexOf("-b"));
});

test("a failure stops, or lets go on what does not need it, or everything", async () => {
  expect((await schedule(1, "stop", ["a"])).kinds).toEqual(["a failed", "b skipped", "c skipped", "d skipped"]);
  expect((await schedule(1, "keep-going", ["a"])).kinds).toEqual(["a failed", "b skipped", "c done", "d skipped"]);
  expect((await schedule(1, "ignore", ["a"])).kinds).toEqual(["a failed", "b done", "c done", "d done"]);
});

test("what runs beside a failure is waited for", async () => {
  const { log, kinds } = await schedule(2, "stop", ["a"]);
  expect(kinds).toEqual(["a failed", "b skipped", "c done", "d skipped"]);
  expect(log).toContain("-c");
});

test("an interruption is thrown once nothing runs", async () => {
  const ended: string[] = [];
  const work = runSchedule({
    plan,
    needs,
    jobs: 2,
    onFailure: "keep-going",
    async run(node) {
      if (node === "a") throw interruption("SIGINT");
      await wait(10);
      ended.push(node);
    },
  });
  expect(await failureOf(work)).toMatchObject({ code: "INTERRUPTED" });
  expect(ended).toEqual(["c"]);
});

test("a queue goes on after work that fails", async () => {
  const queue = createQueue();
  const log: string[] = [];
  const first = queue(async () => {
    await wait(5);
    log.push("first");
    throw failure;
  });
  const second = queue(async () => void log.push("second"));
  await expect(first).rejects.toBe(failure);
  await second;
  expect(log).toEqual(["first", "second"]);
});
