import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";

let service: RunningService;
let version = "";
beforeAll(async () => {
  service = await startService(petModel, { picturesPerRequest: 4 });
  version = service.server.service.host.current("champion")!.version;
});
afterAll(() => service.close());

const { height, width, channels } = petModel.recipe;
const size = height * width * channels;
const tensor = (data: unknown, extra: object = {}) => ({
  name: "pictures",
  shape: [1, height, width, channels],
  datatype: "UINT8",
  data,
  ...extra,
});
const flat = Array.from({ length: size }, (_, at) => at % 256);

async function infer(body: object | Buffer, url = "/v2/models/model/infer", headers: Record<string, string> = {}) {
  const type = { "content-type": "application/json" };
  const payload = Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const answer = await service.server.app.inject({ method: "POST", url, headers: { ...type, ...headers }, payload });
  return { status: answer.statusCode, headers: answer.headers, raw: answer.rawPayload, json: () => answer.json() };
}

const get = async (url: string) => {
  const answer = await service.server.app.inject({ method: "GET", url });
  return { status: answer.statusCode, json: answer.json() };
};

describe("the Open Inference Protocol", () => {
  it("describes server, model and versions", async () => {
    const facts = {
      name: "model",
      versions: [version],
      platform: "onnx_onnxv1",
      inputs: [{ name: "pictures", datatype: "UINT8", shape: [-1, height, width, channels] }],
      outputs: [
        { name: "logits", datatype: "FP32", shape: [-1, 2] },
        { name: "probabilities", datatype: "FP32", shape: [-1, 2] },
      ],
    };
    expect((await get("/v2")).json).toMatchObject({
      name: "pawprint",
      extensions: ["binary_tensor_data", "classification", "model_configuration", "statistics"],
    });
    expect((await get("/v2/health/live")).json).toEqual({ live: true });
    expect((await get("/v2/health/ready")).json).toEqual({ ready: true, live: true });
    expect((await get("/v2/models/model")).json).toEqual(facts);
    expect((await get(`/v2/models/model/versions/${version}`)).json).toEqual(facts);
    expect((await get("/v2/models/model/ready")).json).toEqual({ name: "model", ready: true });
    expect((await get(`/v2/models/model/versions/${version}/ready`)).json).toEqual({ name: "model", ready: true });
  });

  it("takes nested and flat data, picture files, and answers the outputs that are asked for", async () => {
    const nested = [
      Array.from({ length: height }, (_, y) =>
        Array.from({ length: width }, (_, x) => flat.slice((y * width + x) * 3, (y * width + x) * 3 + 3)),
      ),
    ];
    const answer = (await infer({ id: "r-7", inputs: [tensor(flat)] })).json();
    expect(answer).toMatchObject({ model_name: "model", model_version: version, id: "r-7" });
    expect(answer.outputs).toMatchObject([
      { name: "logits", shape: [1, 2], datatype: "FP32" },
      { name: "probabilities", shape: [1, 2], datatype: "FP32" },
    ]);
    expect((await infer({ inputs: [tensor(nested)] })).json().outputs).toEqual(answer.outputs);
    const one = (await infer({ inputs: [tensor(flat)], outputs: [{ name: "probabilities" }] })).json();
    expect(one.outputs).toEqual([answer.outputs[1]]);
    expect(one.id).toMatch(/^[\da-f-]{36}$/);

    const file = (await readFile(join(service.folder, "samples", "cat", "0.jpg"))).toString("base64");
    const files = (
      await infer({ inputs: [{ name: "pictures", shape: [2], datatype: "BYTES", data: [file, ` ${file}\n`] }] })
    ).json();
    expect(files.outputs[1].shape).toEqual([2, 2]);
    const named = await infer({ inputs: [tensor(flat)] }, `/v2/models/model/versions/${version}/infer`);
    expect(named.json().outputs).toEqual(answer.outputs);
  });

  it("takes and gives tensors as bytes behind the JSON", async () => {
    const head = {
      inputs: [tensor(undefined, { parameters: { binary_data_size: size } })],
      parameters: { binary_data_output: true },
    };
    const text = Buffer.from(JSON.stringify(head));
    const body = Buffer.concat([text, Uint8Array.from(flat)]);
    const length = { "inference-header-content-length": String(text.length) };
    const answer = await infer(body, undefined, { ...length, "content-type": "application/octet-stream" });
    expect(answer.status).toBe(200);
    const headLength = Number(answer.headers["inference-header-content-length"]);
    const { outputs } = JSON.parse(answer.raw.subarray(0, headLength).toString());
    expect(outputs.map(({ parameters }: { parameters: object }) => parameters)).toEqual([
      { binary_data_size: 8 },
      { binary_data_size: 8 },
    ]);
    const bytes = answer.raw.subarray(headLength);
    expect(bytes).toHaveLength(16);
    const expected = (await infer({ inputs: [tensor(flat)] })).json().outputs;
    expect([bytes.readFloatLE(8), bytes.readFloatLE(12)]).toEqual(expected[1].data);

    const mixed = {
      ...head,
      parameters: {},
      outputs: [{ name: "logits", parameters: { binary_data: true } }, { name: "probabilities" }],
    };
    const mixedText = Buffer.from(JSON.stringify(mixed));
    const other = await infer(Buffer.concat([mixedText, Uint8Array.from(flat)]), undefined, {
      "inference-header-content-length": String(mixedText.length),
    });
    const otherHead = JSON.parse(
      other.raw.subarray(0, Number(other.headers["inference-header-content-length"])).toString(),
    );
    expect(otherHead.outputs[0].parameters).toEqual({ binary_data_size: 8 });
    expect(otherHead.outputs[1].data).toEqual(expected[1].data);
  });

  it.each([
    ["another model", "/v2/models/other/infer", { inputs: [tensor(flat)] }, 404, "'model' is served"],
    ["another version", "/v2/models/model/versions/1/infer", { inputs: [tensor(flat)] }, 404, "version"],
    ["no inputs", undefined, { inputs: [] }, 400, "inputs"],
    ["two inputs", undefined, { inputs: [tensor(flat), tensor(flat)] }, 400, "one input"],
    ["another input", undefined, { inputs: [tensor(flat, { name: "x" })] }, 400, "'pictures'"],
    ["another shape", undefined, { inputs: [tensor(flat, { shape: [1, 2, 2, 3] })] }, 400, "UINT8 [N,32,32,3]"],
    ["another datatype", undefined, { inputs: [tensor(flat, { datatype: "FP32" })] }, 400, "UINT8"],
    ["too few numbers", undefined, { inputs: [tensor(flat.slice(1))] }, 400, "3072 numbers"],
    ["a number above 255", undefined, { inputs: [tensor([...flat.slice(1), 256])] }, 400, "256"],
    ["no data", undefined, { inputs: [tensor(undefined)] }, 400, "data, or the parameter binary_data_size"],
    [
      "an unknown output",
      undefined,
      { inputs: [tensor(flat)], outputs: [{ name: "x" }] },
      400,
      "logits, probabilities",
    ],
    [
      "an output that is asked for twice",
      undefined,
      { inputs: [tensor(flat)], outputs: [{ name: "logits" }, { name: "logits" }] },
      400,
      "each output once",
    ],
    [
      "more outputs than there are",
      undefined,
      { inputs: [tensor(flat)], outputs: Array(1000).fill({ name: "logits" }) },
      400,
      "outputs",
    ],
    [
      "a binary size that is a list",
      undefined,
      { inputs: [tensor(undefined, { parameters: { binary_data_size: [[1]] } })] },
      400,
      "a list of 1",
    ],
    [
      "too many pictures",
      undefined,
      { inputs: [tensor(flat, { shape: [5, height, width, channels] })] },
      413,
      "at most 4",
    ],
    [
      "a binary size beyond the body",
      undefined,
      { inputs: [tensor(undefined, { parameters: { binary_data_size: 9 } })] },
      400,
      "binary_data_size",
    ],
  ])("refuses %s in the protocol's own form", async (_, url, body, status, text) => {
    const answer = await infer(body, url);
    expect(answer.status).toBe(status);
    const error = answer.json();
    expect(Object.keys(error)).toEqual(["error"]);
    expect(error.error).toContain(text);
  });

  it("refuses bytes that no input claims, and a head longer than the body", async () => {
    const text = Buffer.from(JSON.stringify({ inputs: [tensor(flat)] }));
    const more = await infer(Buffer.concat([text, Buffer.from("xx")]), undefined, {
      "inference-header-content-length": String(text.length),
    });
    expect(more.status).toBe(400);
    const longer = await infer(text, undefined, { "inference-header-content-length": "99999" });
    expect(longer.json().error).toContain("inference-header-content-length");
  });
});
