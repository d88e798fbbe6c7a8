/** The original brief's own commands against a service for digits. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { digitModel, type RunningService, startService } from "../support/running-service.ts";

const execute = promisify(execFile);
const hasCurl = await execute("curl", ["--version"]).then(
  () => true,
  () => false,
);
if (!hasCurl) process.stderr.write("skipped: the brief's commands, because there is no curl\n");

let service: RunningService;
beforeAll(async () => {
  service = await startService(digitModel);
});
afterAll(() => service.close());

/**
 * Runs a line of the brief; its port is taken over by the service's, and its three dots stand for
 * the other numbers.
 */
async function shell(line: string): Promise<unknown> {
  const zeros = Array(782).fill("0.0").join(", ");
  const here = line.replace("http://localhost:8000", service.origin).replace("...", zeros);
  const { stdout } = await execute("bash", ["-c", here]);
  return JSON.parse(stdout);
}

it.skipIf(!hasCurl)("answers the health check", async () => {
  expect(await shell("curl http://localhost:8000/health")).toEqual({ status: "healthy", model_loaded: true });
});

it.skipIf(!hasCurl)("answers the prediction", async () => {
  const answer = await shell(
    `curl -X POST http://localhost:8000/predict \\
  -H "Content-Type: application/json" \\
  -d '{"image": [[0.0, 0.0, ...]]}'`,
  );
  const { prediction, probabilities, confidence, label } = answer as {
    readonly prediction: number;
    readonly probabilities: readonly number[];
    readonly confidence: number;
    readonly label: string;
  };
  expect(probabilities).toHaveLength(10);
  expect(probabilities.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 5);
  expect(confidence).toBe(Math.max(...probabilities));
  expect(probabilities[prediction]).toBe(confidence);
  expect(label).toBe(String(prediction));
});
