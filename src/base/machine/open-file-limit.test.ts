import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { openFileLimit } from "./open-file-limit.ts";

it("reads the soft limit, where there is one and the kernel tells it", () => {
  const limits = (soft: string) => () =>
    `Limit                     Soft Limit           Hard Limit           Units
Max processes             94113                94113                processes
Max open files            ${soft.padEnd(20)} 1048576              files
`;
  expect(openFileLimit(limits("128"))).toBe(128);
  expect(openFileLimit(limits("unlimited"))).toBeUndefined();
  expect(openFileLimit(() => undefined)).toBeUndefined();
});

it.runIf(process.platform === "linux")("is that of this process", () => {
  expect(openFileLimit()).toBe(Number(execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" })));
});
