/** Some hundred malformed requests; `npm run fuzz:service` sends 20,000. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { drawSamplePicture } from "../../src/image/sample-pictures.ts";
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
