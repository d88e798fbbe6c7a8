import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { InjectOptions } from "fastify";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";
import { applyRecipe } from "../../image/apply-recipe.ts";
import { openPredictor } from "../../predict/predictor.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";

let service: RunningService;
let file = Buffer.alloc(0);
beforeAll(async () => {
  service = await startService(petModel, { picturesPerRequest: 4, bodyBytes: 100_000, pixels: 1_000_000 });
  file = await readFile(join(service.folder, "samples", "cat", "0.jpg"));
});
afterAll(() => service.close());

const json = { "content-type": "application/json" };
const jpeg = { "content-type": "image/jpeg" };

async function post(body: InjectOptions["payload"], headers: Record<string, string> = json, url = "/predict") {
  const answer = await service.server.app.inject({ method: "POST", url, headers, payload: body ?? "" });
  const isJson = String(answer.headers["content-type"]).startsWith("application/json");
  return {
    status: answer.statusCode,
    headers: answer.headers,
    raw: answer.rawPayload,
    json: isJson ? answer.json() : {},
  };
}

async function form(files: readonly Uint8Array[], fields: Readonly<Record<string, string>> = {}) {
  const data = new FormData();
  files.forEach((bytes, index) => {
    data.append("file", new Blob([bytes as Uint8Array<ArrayBuffer>]), `${index}.jpg`);
  });
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  const packed = new Response(data);
  return [Buffer.from(await packed.arrayBuffer()), { "content-type": packed.headers.get("content-type")! }] as const;
}

describe("POST /predict", () => {
  it("answers one picture with class, label, confidence, probabilities, version and request id", async () => {
    const { status, json: answer, headers } = await post(file, { ...jpeg, "x-request-id": "abc-1" });
    expect(status).toBe(200);
    const model = service.server.service.host.current("champion")!;
    expect(answer).toEqual({
      prediction: expect.any(Number),
      label: petModel.labels[answer.prediction],
      confidence: answer.probabilities[answer.prediction],
      probabilities: [expect.any(Number), expect.any(Number)],
      model: "model",
      model_version: model.version,
      request_id: "abc-1",
    });
    expect(headers["x-request-id"]).toBe("abc-1");
    expect(headers["server-timing"]).toMatch(
      /^decode;dur=[\d.]+, queue;dur=[\d.]+, inference;dur=[\d.]+, total;dur=[\d.]+$/,
    );
  });

  it("gives one answer for the same picture in every form, and it is the library's own", async () => {
    const pixels = await applyRecipe(file, petModel.recipe);
    const base64 = file.toString("base64");
    const forms = [
      await post(file, jpeg),
      await post(file, { "content-type": "application/octet-stream" }),
      await post(file, { "content-type": "image/png" }),
      await post(...(await form([file]))),
      await post({ image: base64 }),
      await post({ image: `data:image/jpeg;base64,${base64}` }),
      await post({ image: `${file.toString("base64url")}\n` }),
      await post(`\ufeff${JSON.stringify({ image: base64 })}`),
      await post({ image: Array.from(pixels) }),
      await post({ image: Array.from(pixels, (value) => value / 255) }),
    ];
    const predictor = await openPredictor(
      { path: join(service.folder, "model.onnx") },
      { executor: createOnnxRuntimeExecutor() },
    );
    const [expected] = await predictor.predictPixels(pixels);
    await predictor.close();
    for (const { status, json: answer } of forms) {
      expect(status).toBe(200);
      expect(answer.label).toBe(expected!.label);
      expect(answer.probabilities).toEqual(
        petModel.labels.map((label) => expect.closeTo(expected!.probabilities[label]!, 6)),
      );
    }
  });

  it("answers several pictures in their order, and a list of one with a list", async () => {
    const other = await readFile(join(service.folder, "samples", "dog", "1.jpg"));
    const [one, two] = [file.toString("base64"), other.toString("base64")];
    const alone = [(await post({ image: one })).json, (await post({ image: two })).json];
    const { json: both } = await post({ images: [two, one, two] });
    const near = (answer: { probabilities: number[] }) => answer.probabilities.map((value) => expect.closeTo(value, 6));
    expect(both.predictions.map((row: { probabilities: number[] }) => row.probabilities)).toEqual([
      near(alone[1]),
      near(alone[0]),
      near(alone[1]),
    ]);
    expect((await post({ images: [one] })).json.predictions).toHaveLength(1);
    expect((await post(...(await form([file, other])))).json.predictions).toHaveLength(2);
  });

  it("lists the most likely classes, as many as were asked for", async () => {
    for (const { json: answer } of [
      await post({ image: file.toString("base64"), top_k: 1 }),
      await post(file, jpeg, "/predict?top_k=1"),
      await post(...(await form([file], { top_k: "1" }))),
    ]) {
      expect(answer.top).toEqual([{ index: answer.prediction, label: answer.label, probability: answer.confidence }]);
    }
    const { json: all } = await post(file, jpeg, "/predict?top_k=9");
    expect(all.top.map(({ index }: { index: number }) => index).sort()).toEqual([0, 1]);
    expect(all.top[0].probability).toBeGreaterThanOrEqual(all.top[1].probability);
  });

  it.each([
    ["no body", "", json, 400, "REQUEST_INVALID"],
    ["broken JSON", "{", json, 400, "REQUEST_INVALID"],
    ["neither image nor images", "{}", json, 400, "REQUEST_INVALID"],
    ["both", '{"image":[1],"images":[[1]]}', json, 400, "REQUEST_INVALID"],
    ["an unknown field", '{"image":[1],"size":3}', json, 400, "REQUEST_INVALID"],
    ["too few numbers", '{"image":[[1,2],[3,4]]}', json, 400, "REQUEST_INVALID"],
    ["ragged rows", '{"image":[[1,2],[3]]}', json, 400, "REQUEST_INVALID"],
    ["a text where a number belongs", '{"image":[["1"]]}', json, 400, "REQUEST_INVALID"],
    ["too many pictures", `{"images":${JSON.stringify(Array(5).fill("AAAA"))}}`, json, 413, "REQUEST_TOO_LARGE"],
    ["too many bytes", Buffer.alloc(100_001), jpeg, 413, "REQUEST_TOO_LARGE"],
    ["a text", "hello", { "content-type": "text/plain" }, 415, "MEDIA_TYPE_UNSUPPORTED"],
    [
      "a form as curl -d sends it",
      "a=b",
      { "content-type": "application/x-www-form-urlencoded" },
      415,
      "MEDIA_TYPE_UNSUPPORTED",
    ],
    ["no picture", "hello", jpeg, 400, "IMAGE_UNREADABLE"],
    ["base64 that is no picture", '{"image":"AAAA"}', json, 400, "IMAGE_UNREADABLE"],
    ["a deadline that is no number", file, { ...jpeg, "x-deadline-ms": "soon" }, 400, "REQUEST_INVALID"],
  ])("refuses %s and says why", async (_, body, headers, status, code) => {
    const answer = await post(body as string, headers as Record<string, string>);
    expect({ status: answer.status, code: answer.json.error?.code }).toEqual({ status, code });
    expect(answer.json.error.message.length).toBeGreaterThan(10);
    expect(answer.json.error.request_id).toBe(answer.headers["x-request-id"]);
  });

  it("refuses a picture of too many pixels before it decodes it", async () => {
    const large = await sharp({ create: { width: 1001, height: 1000, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    const { status, json: answer } = await post(large, { "content-type": "image/png" });
    expect({ status, code: answer.error.code }).toEqual({ status: 400, code: "IMAGE_SIZE" });
    expect(answer.error.message).toContain("1001 x 1000");
  });

  it("refuses a whole request for one bad picture, and names it", async () => {
    const { status, json: answer } = await post({ images: [file.toString("base64"), "AAAA"] });
    expect(status).toBe(400);
    expect(answer.error.where).toBe("images[1]");
    expect(service.server.service.admission.pending).toBe(0);
  });
});

describe("pixels as numbers", () => {
  const { height, width, channels } = petModel.recipe;
  const at = (y: number, x: number, c: number) => (y * 5 + x * 3 + c * 60) % 256;
  const nest = (...sides: readonly number[]) => {
    const build = (path: readonly number[]): unknown =>
      path.length === sides.length
        ? path
        : Array.from({ length: sides[path.length]! }, (_, index) => build([...path, index]));
    return build([]);
  };
  const rowsFirst = (nest(height, width, channels) as number[][][][]).map((row) =>
    row.map((pixel) => pixel.map(([y = 0, x = 0, c = 0]) => at(y, x, c))),
  );
  const channelsFirst = (nest(channels, height, width) as number[][][][]).map((plane) =>
    plane.map((row) => row.map(([c = 0, y = 0, x = 0]) => at(y, x, c))),
  );

  it("are one picture in each accepted shape", async () => {
    const shapes = [rowsFirst, rowsFirst.flat(), rowsFirst.flat(2), [rowsFirst], [rowsFirst.flat(2)]];
    const answers = await Promise.all(shapes.flatMap((image) => [post({ image }), post({ images: [image] })]));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const probabilities = answers.map(({ json: answer }) => (answer.predictions?.[0] ?? answer).probabilities[0]);
    expect(probabilities).toEqual(probabilities.map(() => expect.closeTo(probabilities[0], 6)));
    const invoked = await post({ instances: shapes.slice(1) }, json, "/invocations");
    expect(invoked.status).toBe(200);
    expect(invoked.json.predictions.probabilities).toHaveLength(shapes.length - 1);
  });

  it.each(["/predict", "/explain", "/invocations"])("are refused by %s with channels first", async (url) => {
    const bodies = { "/predict": "image", "/explain": "image", "/invocations": "instances" } as const;
    const key = bodies[url as keyof typeof bodies];
    const body = { [key]: key === "image" ? channelsFirst : [channelsFirst] };
    const { status, json: answer } = await post(body, json, url);
    expect(status).toBe(400);
    const { message, hint = message } = answer.error ?? answer;
    expect(message).toContain("[32,32,3], [1024,3] or [3072], alone or in a list of one; got the shape [3,32,32]");
    expect(hint).toContain("transpose [C,H,W] to [H,W,C]");
  });

  it("are refused with the shape where they are nested otherwise, and with the place where they are ragged", async () => {
    const inRows = rowsFirst.map((row) => row.flat());
    expect((await post({ image: inRows })).json.error.message).toContain("got the shape [32,96]");
    const ragged = rowsFirst.map((row, y) => (y === 7 ? row.slice(1) : row));
    expect((await post({ images: [rowsFirst, ragged] })).json.error.where).toBe("images[1][7]");
  });
});

describe("POST /explain", () => {
  it("answers a PNG for the most likely class, or for the one that is named", async () => {
    const best = (await post(file, jpeg)).json.prediction as number;
    const { status, headers, raw } = await post(file, jpeg, "/explain");
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("image/png");
    expect(headers["x-pawprint-class"]).toBe(String(best));
    expect(Number(headers["x-pawprint-probability"])).toBeGreaterThanOrEqual(0.5);
    const other = 1 - best;
    for (const name of [String(other), petModel.labels[other]!]) {
      const named = await post(file, jpeg, `/explain?class=${name}`);
      expect(named.headers["x-pawprint-label"]).toBe(petModel.labels[other]);
      expect(named.raw.equals(raw)).toBe(false);
    }
  });

  it("lays the map over the picture that was sent, in its own shape, with a caption unless told otherwise", async () => {
    const wide = await sharp(file).resize(600, 300, { fit: "fill" }).jpeg().toBuffer();
    const plain = await sharp((await post(wide, jpeg, "/explain?caption=false")).raw).metadata();
    expect([plain.width, plain.height]).toEqual([600, 300]);
    const captioned = await sharp((await post(wide, jpeg, "/explain")).raw).metadata();
    expect(captioned.width).toBe(600);
    expect(captioned.height).toBeGreaterThan(330);
    const { width, height, channels } = petModel.recipe;
    const image = new Array(width * height * channels).fill(100);
    const numbers = await sharp((await post({ image }, json, "/explain?caption=false")).raw).metadata();
    expect([numbers.width, numbers.height]).toEqual([256, 256]);
    expect((await post(wide, jpeg, "/explain?caption=maybe")).status).toBe(400);
  });

  it("refuses a class that there is not, and more than one picture", async () => {
    const unknown = await post(file, jpeg, "/explain?class=fox");
    expect(unknown.status).toBe(400);
    expect(unknown.json.error).toMatchObject({ code: "REQUEST_INVALID", hint: "one of cat, dog" });
    const { status } = await post({ images: [file.toString("base64"), file.toString("base64")] }, json, "/explain");
    expect(status).toBe(413);
  });
});
