import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";

// Node.js runs no TypeScript in worker threads; this file has no types, so it is JavaScript too.
const copy = join(temporaryFolder(), "engine-telemetry.mjs");
copyFileSync(new URL("engine-telemetry.ts", import.meta.url), copy);
const file = JSON.stringify(pathToFileURL(copy).href);
const inMain = `await import(${file}); process.stdout.write(process.env.ORT_DISABLE_TELEMETRY);`;
const workerCode = `
  process.on("warning", ({ code, message }) => process.stdout.write(code + ": " + message));
  import(${file})`;
const inWorker = `
  import { Worker } from "node:worker_threads";
  new Worker(${JSON.stringify(workerCode)}, { eval: true });`;

function outputOf(program: string, setting?: string): string {
  const { ORT_DISABLE_TELEMETRY: _, ...others } = process.env;
  const env = { ...others, ...(setting !== undefined && { ORT_DISABLE_TELEMETRY: setting }) };
  const args = ["--no-warnings", "--input-type=module", "--eval", program];
  return execFileSync(process.execPath, args, { env, encoding: "utf8" });
}

it("turns the engine's telemetry off, unless the user has set it to anything", () => {
  expect(outputOf(inMain)).toBe("1");
  expect(outputOf(inMain, "0")).toBe("0");
  expect(outputOf(inMain, "")).toBe("");
});

it("says in a worker thread that it cannot", () => {
  expect(outputOf(inWorker)).toBe("PAWPRINT_TELEMETRY: a worker thread cannot turn the telemetry of ONNX Runtime off");
  expect(outputOf(inWorker, "1")).toBe("");
});
