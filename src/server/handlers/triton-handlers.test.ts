import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";
import { writeUntrainedBundle } from "../../../tests/support/untrained-bundle.ts";

let service: RunningService;
let folder = "";
let [version, canary] = ["", ""];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-triton-"));
  await writeUntrainedBundle({ ...petModel, seed: 99 }, join(folder, "canary.onnx"));
  await writeFile(join(folder, "broken.onnx"), "no bundle");
  service = await startService(petModel, {
    picturesPerRequest: 4,
    batch: 8,
    canary: join(folder, "canary.onnx"),
    challenger: join(folder, "broken.onnx"),
  });
  const { host } = service.server.service;
  [version, canary] = [host.current("champion")!.version, host.current("canary")!.version];
});
afterAll(async () => {
  await service.close();
  await rm(folder, { recursive: true, force: true });
});

const { height, width, channels } = petModel.recipe;
const size = height * width * channels;

async function call(method: "GET" | "POST", url: string, payload?: string | object, type = "application/json") {
  const headers = payload === undefined ? {} : { "content-type": type };
  const answer = await service.server.app.inject({ method, url, headers, ...(payload !== undefined && { payload }) });
  return { status: answer.statusCode, headers: answer.headers, raw: answer.rawPayload, json: () => answer.json() };
}

const tensor = (count: number) => ({
  name: "pictures",
  shape: [count, height, width, channels],
  datatype: "UINT8",
  data: Array.from({ length: count * size }, (_, at) => (at * 31) % 256),
});
const infer = (body: object, path = `/v2/models/model/versions/${version}/infer`) => call("POST", path, body);

it("describes the model as Triton's configuration does", async () => {
  const config = {
    name: "model",
    platform: "onnxruntime_onnx",
    backend: "onnxruntime",
    max_batch_size: 4,
    input: [{ name: "pictures", data_type: "TYPE_UINT8", format: "FORMAT_NHWC", dims: [height, width, channels] }],
    output: [
      { name: "logits", data_type: "TYPE_FP32", dims: [2] },
      { name: "probabilities", data_type: "TYPE_FP32", dims: [2] },
    ],
    dynamic_batching: { preferred_batch_size: [4], max_queue_delay_microseconds: 0 },
  };
  expect((await call("GET", "/v2/models/model/config")).json()).toEqual(config);
  expect((await call("GET", `/v2/models/model/versions/${canary}/config`)).json()).toEqual(config);
});

it.each(["config", "stats"])("knows no %s of another model or version", async (what) => {
  for (const path of [`/v2/models/other/${what}`, `/v2/models/model/versions/1/${what}`]) {
    const answer = await call("GET", path);
    expect([answer.status, answer.json().error]).toEqual([404, expect.stringContaining("'model' is served")]);
  }
});

describe("the statistics", () => {
  const statistics = async (path = `/v2/models/model/versions/${version}/stats`) =>
    (await call("GET", path)).json().model_stats;

  it("count pictures, requests, runs and times of each version on its own", async () => {
    const [before] = await statistics();
    const [other] = await statistics(`/v2/models/model/versions/${canary}/stats`);
    const startedAt = Date.now();
    for (const count of [1, 3, 3]) expect((await infer({ inputs: [tensor(count)] })).status).toBe(200);
    const [after] = await statistics();
    expect(after).toMatchObject({ name: "model", version });
    expect(after.last_inference).toBeGreaterThanOrEqual(startedAt);
    expect(after.inference_count - before.inference_count).toBe(7);
    expect(after.execution_count - before.execution_count).toBe(3);
    for (const part of ["success", "queue", "compute_input", "compute_infer"]) {
      expect(after.inference_stats[part].count - before.inference_stats[part].count).toBe(3);
      expect(after.inference_stats[part].ns).toBeGreaterThanOrEqual(before.inference_stats[part].ns);
    }
    const { success, queue, compute_input: input, compute_infer: run } = after.inference_stats;
    expect(run.ns).toBeGreaterThan(0);
    expect(success.ns).toBeGreaterThanOrEqual(queue.ns + input.ns + run.ns - 1000 * success.count);
    const sizes = after.batch_stats.map((row: { batch_size: number }) => row.batch_size);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(sizes).toEqual(expect.arrayContaining([1, 3]));
    const runs = after.batch_stats.map((row: { compute_infer: { count: number } }) => row.compute_infer.count);
    expect(runs.reduce((sum: number, one: number) => sum + one, 0)).toBe(after.execution_count);
    expect(await statistics(`/v2/models/model/versions/${canary}/stats`)).toEqual([other]);
  });

  it("count what was not answered in time, and nothing that never reached the model", async () => {
    const [before] = await statistics();
    const late = await infer({ inputs: [tensor(1)], parameters: { timeout: 1 } });
    expect(late.status).toBe(504);
    expect(
      (await infer({ inputs: [{ name: "pictures", shape: [1], datatype: "BYTES", data: ["AAAA"] }] })).status,
    ).toBe(400);
    const [after] = await statistics();
    expect(after.inference_stats.fail.count - before.inference_stats.fail.count).toBe(1);
    expect(after.inference_count).toBe(before.inference_count);
  });

  it("are listed for every version of the model, and of all models", async () => {
    const versions = (rows: { version: string }[]) => rows.map((row) => row.version);
    expect(versions(await statistics("/v2/models/stats"))).toEqual([version, canary]);
    expect(versions(await statistics("/v2/models/model/stats"))).toEqual([version, canary]);
  });
});

describe("the repository index", () => {
  const ready = (one: string) => ({ name: "model", version: one, state: "READY", reason: "" });

  it("lists what serves, and why a bundle does not", async () => {
    const refused = { name: "model", state: "UNAVAILABLE", reason: expect.stringMatching(/^[A-Z_]+: Expected /) };
    for (const payload of [undefined, "", "{}", '{"ready":false}']) {
      const answer = await call("POST", "/v2/repository/index", payload);
      expect([answer.status, answer.json()]).toEqual([200, [ready(version), ready(canary), refused]]);
    }
    const answer = await call("POST", "/v2/repository/index", { ready: true });
    expect(answer.json()).toEqual([ready(version), ready(canary)]);
  });

  it.each([
    ["{", 400, "valid JSON"],
    ['{"ready":"yes"}', 400, "ready"],
    ["x=1", 415, "application/json"],
    [`{"ready":${" ".repeat(5000)}true}`, 413, "a body of at most 4096 bytes"],
  ])("refuses %j", async (payload, status, text) => {
    const type = status === 415 ? "application/x-www-form-urlencoded" : undefined;
    const answer = await call("POST", "/v2/repository/index", payload, type);
    expect([answer.status, answer.json().error]).toEqual([status, expect.stringContaining(text)]);
  });

  it("takes little from anybody, unpacked too", async () => {
    const payload = gzipSync(`{"ready":${" ".repeat(100_000)}true}`);
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const answer = await service.server.app.inject({ method: "POST", url: "/v2/repository/index", headers, payload });
    expect([answer.statusCode, answer.json().error]).toEqual([
      413,
      expect.stringContaining("4096 bytes after unpacking"),
    ]);
  });

  it.each([
    ["POST", "/v2/repository/models/model/load", "POST /admin/reload"],
    ["POST", "/v2/repository/models/model/unload", "POST /admin/reload"],
    ["POST", "/v2/systemsharedmemory/region/a/register", "shared memory"],
    ["GET", "/v2/cudasharedmemory/status", "shared memory"],
    ["POST", "/v2/models/model/trace/setting", "when the service starts"],
    ["GET", "/v2/logging", "when the service starts"],
    ["POST", "/v1/models/model:predict", "/invocations"],
  ] as const)("%s %s is refused by name", async (method, path, text) => {
    const answer = await call(method, path);
    expect(answer.status).toBe(404);
    expect(JSON.stringify(answer.json())).toContain(text);
  });
});

describe("the parameter classification", () => {
  const wanted = (name: string, parameters: object) => ({ name, parameters });

  it("gives the largest values with their index and label, in JSON and as bytes", async () => {
    const plain = (await infer({ inputs: [tensor(2)] })).json().outputs;
    const outputs = [wanted("probabilities", { classification: 2 }), wanted("logits", { classification: 1 })];
    const answer = (await infer({ inputs: [tensor(2)], outputs })).json();
    const textsOf = (name: string, count: number) => {
      const { data } = plain.find((output: { name: string }) => output.name === name);
      return [0, 1].flatMap((row) =>
        [0, 1]
          .sort((a, b) => data[row * 2 + b] - data[row * 2 + a])
          .slice(0, count)
          .map((index) => [data[row * 2 + index], `${index}:${petModel.labels[index]}`]),
      );
    };
    expect(answer.outputs.map(({ data: _, ...facts }: { data: unknown }) => facts)).toEqual([
      { name: "probabilities", shape: [2, 2], datatype: "BYTES" },
      { name: "logits", shape: [2, 1], datatype: "BYTES" },
    ]);
    const read = (texts: string[]) =>
      texts.map((text) => {
        const [value, ...rest] = text.split(":");
        return [Number(value), rest.join(":")];
      });
    const near = (rows: unknown[][]) => rows.map(([value, text]) => [expect.closeTo(value as number, 5), text]);
    expect(read(answer.outputs[0].data)).toEqual(near(textsOf("probabilities", 2)));
    expect(read(answer.outputs[1].data)).toEqual(near(textsOf("logits", 1)));
    expect(answer.outputs[0].data[0]).toMatch(/^0\.\d{6}:[01]:(cat|dog)$/);

    const binary = await infer({ inputs: [tensor(2)], outputs, parameters: { binary_data_output: true } });
    const length = Number(binary.headers["inference-header-content-length"]);
    const head = JSON.parse(binary.raw.subarray(0, length).toString());
    const bytes = binary.raw.subarray(length);
    const texts: string[] = [];
    for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32LE(at)) {
      texts.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32LE(at)).toString());
    }
    expect(texts).toEqual([...answer.outputs[0].data, ...answer.outputs[1].data]);
    const sizes = head.outputs.map(({ parameters }: { parameters: { binary_data_size: number } }) => parameters);
    expect(sizes.reduce((sum: number, one: { binary_data_size: number }) => sum + one.binary_data_size, 0)).toBe(
      bytes.length,
    );
  });

  it("may ask for more classes than there are, and for none", async () => {
    const outputs = (count: number) => [wanted("probabilities", { classification: count })];
    const many = (await infer({ inputs: [tensor(1)], outputs: outputs(1000) })).json().outputs[0];
    expect([many.shape, many.data.length]).toEqual([[1, 2], 2]);
    const none = (await infer({ inputs: [tensor(1)], outputs: outputs(0) })).json().outputs[0];
    expect(none.datatype).toBe("FP32");
  });

  it.each([-1, 1.5, "3", null, [1]])("is refused as %j", async (classification) => {
    const answer = await infer({ inputs: [tensor(1)], outputs: [wanted("logits", { classification })] });
    expect([answer.status, answer.json().error]).toEqual([
      400,
      expect.stringContaining("the parameter classification"),
    ]);
  });
});

describe("parameters that would change the answer", () => {
  it.each([
    ["a sequence", { inputs: [tensor(1)], parameters: { sequence_id: 7, sequence_start: true } }, "sequence_id"],
    [
      "an input in shared memory",
      { inputs: [{ ...tensor(1), parameters: { shared_memory_region: "a", shared_memory_byte_size: 9 } }] },
      "shared_memory_region",
    ],
    [
      "an output in shared memory",
      { inputs: [tensor(1)], outputs: [{ name: "logits", parameters: { shared_memory_region: "a" } }] },
      "shared_memory_region",
    ],
    [
      "a timeout that is no time",
      { inputs: [tensor(1)], parameters: { timeout: -5 } },
      "the parameter timeout; got -5",
    ],
  ])("refuses %s by name", async (_, body, text) => {
    const answer = await infer(body);
    expect([answer.status, answer.json().error]).toEqual([400, expect.stringContaining(text)]);
  });

  it("passes over those that do not, and a timeout that is long enough", async () => {
    const parameters = { priority: 3, timeout: 60_000_000, my_note: "x" };
    expect((await infer({ inputs: [tensor(1)], parameters })).status).toBe(200);
  });
});
