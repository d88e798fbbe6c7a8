import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";
import { loadBundle } from "../../bundle/load-bundle.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import { createClient } from "../client/client.ts";

let service: RunningService;
beforeAll(async () => {
  service = await startService(petModel);
});
afterAll(() => service.close());

const { height, width, channels } = petModel.recipe;
const pixels = Uint8Array.from({ length: height * width * channels }, (_, at) => (at * 7) % 2);
const picture = Array.from(pixels);

async function invoke(body: object | string) {
  const payload = typeof body === "string" ? body : JSON.stringify(body);
  const headers = { "content-type": "application/json" };
  const answer = await service.server.app.inject({ method: "POST", url: "/invocations", headers, payload });
  return { status: answer.statusCode, json: answer.json() };
}

it("answers every form with the bundle's own outputs; zeros and ones are bytes as well", async () => {
  const bundle = await loadBundle({ path: join(service.folder, "model.onnx") }, createOnnxRuntimeExecutor());
  const { logits, probabilities } = await bundle.answer(pixels);
  await bundle.close();
  const near = (values: Float32Array) => [Array.from(values, (value) => expect.closeTo(value, 5))];
  for (const body of [
    { instances: [picture] },
    { instances: [{ pictures: picture }] },
    { inputs: [picture] },
    { inputs: { pictures: [picture] } },
    { dataframe_split: { columns: ["pictures"], index: [0], data: [[picture]] } },
    { dataframe_records: [{ pictures: picture }] },
  ]) {
    const { status, json } = await invoke(body);
    expect(status).toBe(200);
    expect(json).toEqual({ predictions: { logits: near(logits), probabilities: near(probabilities) } });
  }
});

it("takes picture files as base64, one row for each", async () => {
  const file = (await readFile(join(service.folder, "samples", "cat", "0.jpg"))).toString("base64");
  const { json } = await invoke({ instances: [file, file] });
  expect(json.predictions.probabilities).toHaveLength(2);
  expect(json.predictions.logits[0]).toHaveLength(2);
});

it.each([
  ["no form", {}, "exactly one of"],
  ["two forms", { instances: [picture], inputs: [picture] }, "instances, inputs"],
  ["no picture", { instances: [] }, "at least one picture"],
  ["two columns", { dataframe_split: { data: [[picture, 1]] } }, "2 columns"],
  ["two fields", { dataframe_records: [{ a: picture, b: 1 }] }, "2 fields"],
  ["fractions", { instances: [picture.map((value) => value / 2)] }, "whole numbers"],
  ["no list", { instances: "x" }, "list of pictures"],
  ["another field", { pictures: [picture] }, "pictures"],
  ["no JSON", "{", "valid JSON"],
])("refuses %s in MLflow's form", async (_, body, text) => {
  const { status, json } = await invoke(body);
  expect(status).toBe(400);
  expect(json.error_code).toBe("INVALID_PARAMETER_VALUE");
  expect(json.message).toContain(text);
});

it("answers /ping and /version as MLflow's server does", async () => {
  const ping = await service.server.app.inject({ method: "GET", url: "/ping" });
  expect([ping.statusCode, ping.body]).toEqual([200, "\n"]);
  const version = await service.server.app.inject({ method: "GET", url: "/version" });
  expect(version.body).toMatch(/^\d+\.\d+\.\d+/);
  expect(version.headers["content-type"]).toMatch(/^text\/plain/);
});

it("answers /version in JSON where that is asked for, with the code's commit and image", async () => {
  const [commit, digest] = ["cd".repeat(20), `sha256:${"ef".repeat(32)}`];
  vi.stubEnv("PAWPRINT_GIT_COMMIT", commit);
  vi.stubEnv("PAWPRINT_GIT_TAG", "v7");
  vi.stubEnv("PAWPRINT_IMAGE_DIGEST", digest);
  const deployed = await startService(petModel);
  vi.unstubAllEnvs();
  const { app } = deployed.server;
  const answer = await app.inject({ method: "GET", url: "/version", headers: { accept: "application/json" } });
  const plain = await app.inject({ method: "GET", url: "/version", headers: { accept: "*/*" } });
  const called = await createClient(deployed.origin).call("version");
  await deployed.close();
  expect(answer.json()).toEqual({ version: plain.body, tag: "v7", commit, image_digest: digest });
  expect([answer.headers["content-type"], answer.headers.vary]).toEqual([
    expect.stringMatching(/^application\/json/),
    expect.stringContaining("accept"),
  ]);
  expect(called.json).toEqual(answer.json());
});
