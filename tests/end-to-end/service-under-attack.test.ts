/**
 * Large bodies and some hundred malformed requests; `npm run fuzz:service` sends larger ones, and
 * 20,000.
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { drawSamplePicture } from "../../src/image/sample-pictures.ts";
import { watchLoop } from "../support/malformed/loop-holds.ts";
import { sendHeavyBodies } from "../support/malformed/send-heavy-bodies.ts";
import { storm } from "../support/malformed/storm.ts";
import { petModel, type RunningService, startService } from "../support/running-service.ts";

const bodyBytes = 2 ** 18;
let service: RunningService;
let pictures: Buffer[] = [];
beforeAll(async () => {
  const jpeg = Buffer.from(await drawSamplePicture({ label: "cat", seed: 1, sizePx: 96 }));
  const formats = ["png", "webp", "gif", "tiff"] as const;
  pictures = [jpeg, ...(await Promise.all(formats.map((format) => sharp(jpeg)[format]().toBuffer())))];
  service = await startService(petModel, { bodyBytes, bodyTimeoutMs: 500 });
});
afterAll(() => service.close());

it("survives malformed requests: no 5xx that is not meant, no picture in the log", async () => {
  const port = Number(new URL(service.origin).port);
  const { recipe } = petModel;
  const common = { port, recipe, modelName: "model", pictures, bodyBytes };
  const { statuses, faults } = await storm({ ...common, count: 800, seed: 5_000_000, lanes: 16 });
  expect(faults).toEqual([]);
  for (const status of [200, 400, 404, 405, 408, 413, 415]) expect(statuses[status]).toBeGreaterThan(0);
  service.server.service.logger.info("the last line");
  const readLog = () => readFile(join(service.folder, "service.log"), "utf8");
  await expect.poll(readLog, { timeout: 5000 }).toContain("the last line");
  const lines = (await readLog()).trim().split("\n");
  expect(lines.length).toBeGreaterThan(600);
  for (const line of lines) {
    expect(() => JSON.parse(line)).not.toThrow();
    expect(line.length).toBeLessThan(2000);
    expect(line).not.toMatch(/[A-Za-z0-9+/]{200}/);
  }
});

it("is held by no body for longer than others may wait", async () => {
  const holds = watchLoop(join(service.folder, "loop-holds"));
  const args = ["--import", "tsx", "src/cli/main.ts", "serve", join(service.folder, "model.onnx"), "--port", "0"];
  const child = spawn(process.execPath, [...args, "--log-file", join(service.folder, "other.log")], {
    env: { ...process.env, ...holds.environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    let port = 0;
    for await (const line of createInterface({ input: child.stderr })) {
      port = Number(/http:\S+?:(\d+) /.exec(line)?.[1]);
      break;
    }
    // An eighth of the default limit, to be done in seconds.
    const { count, faults } = await sendHeavyBodies(port, holds, { modelName: "model", sizeBytes: 2 ** 21 });
    expect(faults).toEqual([]);
    expect(count).toBeGreaterThan(80);
  } finally {
    child.kill();
  }
}, 180_000);
