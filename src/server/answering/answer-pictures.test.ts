import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";
import { writeUntrainedBundle } from "../../../tests/support/untrained-bundle.ts";

let folder: string;
let service: RunningService;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-challenger-"));
  const challenger = join(folder, "challenger.onnx");
  await writeUntrainedBundle({ ...petModel, seed: 8 }, challenger);
  service = await startService(petModel, { challenger });
});
afterAll(async () => {
  await service.close();
  await rm(folder, { recursive: true, force: true });
});

const { height, width, channels } = petModel.recipe;
const picture = Array.from({ length: height * width * channels }, (_, at) => (at * 7) % 256);
const tensor = { name: "pictures", shape: [1, height, width, channels], datatype: "UINT8", data: picture };

const protocols = [
  ["/predict", { image: picture }],
  ["/invocations", { instances: [picture] }],
  ["/v2/models/model/infer", { inputs: [tensor] }],
] as const;

it.each(protocols)("an answer of %s is compared with the challenger, counted and logged", async (url, body) => {
  const { app, service: parts } = service.server;
  const { shadow, host } = parts;
  const before = shadow.counts.compared;
  const answer = await app.inject({ method: "POST", url, headers: { "x-request-id": `asked-${url}` }, payload: body });
  expect(answer.statusCode).toBe(200);
  await shadow.idle();
  expect(shadow.counts.compared).toBe(before + 1);
  const line = await loggedLine(`asked-${url}`);
  expect(line.model_version).toBe(host.current("champion")!.version);
  expect(petModel.labels).toContain(line.prediction);
  expect(line.confidence).toBeGreaterThanOrEqual(0.5);
  const { body: metrics } = await app.inject({ method: "GET", url: "/metrics" });
  expect(metrics).toContain(`pawprint_predictions_total{label="${line.prediction}"}`);
});

it.each(protocols)("%s counts a challenger that fails as a failure, and answers all the same", async (url, body) => {
  const { app, service: parts } = service.server;
  const { shadow, host } = parts;
  const challenger = host.current("challenger")!;
  const { infer } = challenger;
  Object.assign(challenger, { infer: () => Promise.reject(new Error("the engine is gone")) });
  const before = await shadowCounts();
  const answer = await app.inject({ method: "POST", url, headers: { "x-request-id": `failed-${url}` }, payload: body });
  await shadow.idle();
  Object.assign(challenger, { infer });
  expect(answer.statusCode).toBe(200);
  expect(await shadowCounts()).toEqual({ ...before, failed: before.failed + 1, failuresMetric: before.failed + 1 });
  const line = await loggedLine(`failed-${url}`, "the challenger failed to answer");
  expect(line.error).toContain("the engine is gone");
});

it.each(protocols)("%s skips the comparison while the service is busy", async (url, body) => {
  const { app, service: parts } = service.server;
  const before = await shadowCounts();
  // More than a quarter of the queue.
  const others = { pictures: Math.floor(parts.config.queue / 4) + 1, work: 1 };
  parts.admission.enter(others, Number.POSITIVE_INFINITY);
  const answer = await app.inject({ method: "POST", url, payload: body });
  parts.admission.leave(others, false);
  expect(answer.statusCode).toBe(200);
  expect(await shadowCounts()).toEqual({ ...before, skipped: before.skipped + 1 });
});

it("a heat map is no prediction: it is neither compared nor counted", async () => {
  const { app } = service.server;
  const before = await shadowCounts();
  const counted = await predictionsTotal();
  const answer = await app.inject({ method: "POST", url: "/explain", payload: { image: picture } });
  expect(answer.statusCode).toBe(200);
  expect([await shadowCounts(), await predictionsTotal()]).toEqual([before, counted]);
});

/** What `/model` says of the comparisons, and the counter of failures in `/metrics`. */
async function shadowCounts() {
  const { app } = service.server;
  const { shadow } = (await app.inject({ method: "GET", url: "/model" })).json();
  const { body } = await app.inject({ method: "GET", url: "/metrics" });
  const failuresMetric = Number(/^pawprint_shadow_failures_total (\d+)$/m.exec(body)?.[1]);
  return { compared: shadow.compared, skipped: shadow.skipped, failed: shadow.failed, failuresMetric };
}

async function predictionsTotal(): Promise<number> {
  const { body } = await service.server.app.inject({ method: "GET", url: "/metrics" });
  return [...body.matchAll(/^pawprint_predictions_total\{.*\} (\d+)$/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
}

/** The log is written once a second. */
async function loggedLine(requestId: string, message?: string): Promise<Record<string, unknown>> {
  const find = async () => {
    const lines = (await readFile(join(service.folder, "service.log"), "utf8")).trim().split("\n");
    return lines
      .map((line) => JSON.parse(line))
      .find((line) => line.request_id === requestId && (message === undefined ? line.route : line.msg === message));
  };
  await expect.poll(find, { timeout: 5000 }).toBeDefined();
  return find();
}
