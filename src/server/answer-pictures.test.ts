import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { petModel, type RunningService, startService } from "../../tests/support/running-service.ts";
import { writeUntrainedBundle } from "../../tests/support/untrained-bundle.ts";

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

it.each([
  ["/predict", { image: picture }],
  ["/invocations", { instances: [picture] }],
  ["/v2/models/model/infer", { inputs: [tensor] }],
])("whatever form asks: %s is compared with the challenger, counted and logged", async (url, body) => {
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

/** The log is written once a second. */
async function loggedLine(requestId: string): Promise<Record<string, unknown>> {
  const find = async () => {
    const lines = (await readFile(join(service.folder, "service.log"), "utf8")).trim().split("\n");
    return lines.map((line) => JSON.parse(line)).find((line) => line.request_id === requestId && line.route);
  };
  await expect.poll(find, { timeout: 5000 }).toBeDefined();
  return find();
}
