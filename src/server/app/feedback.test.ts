import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { writeUntrainedBundle } from "../../../tests/support/untrained-bundle.ts";
import { silentProgress } from "../../base/progress.ts";
import { applyRecipe } from "../../image/apply-recipe.ts";
import { pictureStatistics, pictureStatisticsVersion } from "../../image/picture-statistics.ts";
import { drawSamplePicture } from "../../image/sample-pictures.ts";
import { openPredictionLog } from "../../prediction-log/open-prediction-log.ts";
import type { LabelledPrediction } from "../../prediction-log/prediction-log.ts";
import { statisticsFromRow } from "../../prediction-log/statistics-row.ts";
import { readPictureSizes } from "../../train/pictures/picture-sizes.ts";

let service: RunningService | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

async function start() {
  const path = join(temporaryFolder("log"), "predictions.db");
  return clientOf(path, await startService(petModel, { predictionLog: path }));
}

async function clientOf(path: string, started: RunningService) {
  service = started;
  const { app } = service.server;
  const send = async (body: object) => {
    const answer = await app.inject({ method: "POST", url: "/feedback", payload: body });
    return { status: answer.statusCode, json: answer.json() };
  };
  const picture = await drawSamplePicture({ label: "cat", seed: 1, sizePx: 32 });
  const predict = async (id: string) => {
    const headers = { "content-type": "image/jpeg", "x-request-id": id };
    return (await app.inject({ method: "POST", url: "/predict", headers, payload: Buffer.from(picture) })).json();
  };
  return { path, send, predict, app };
}

/** After the service ended. */
async function rowsIn(path: string): Promise<LabelledPrediction[]> {
  const log = await openPredictionLog(path);
  try {
    const rows: LabelledPrediction[] = [];
    for await (const row of log.read()) rows.push(row);
    return rows;
  } finally {
    await log.close();
  }
}

describe("a service with a prediction log", () => {
  it("has each prediction in it, whatever protocol asked, as it was answered", async () => {
    const { path, predict, app } = await start();
    const answer = await predict("first");
    expect((await app.inject("/model")).json().takes_feedback).toBe(true);
    const image = Buffer.from(await drawSamplePicture({ label: "dog", seed: 2, sizePx: 32 })).toString("base64");
    const many = await app.inject({ method: "POST", url: "/predict", payload: { images: [image, image] } });
    expect(many.statusCode).toBe(200);
    await app.inject({ method: "POST", url: "/invocations", payload: { instances: [image] } });
    expect((await app.inject({ method: "POST", url: "/explain", payload: { image } })).statusCode).toBe(200);
    expect((await app.inject({ method: "POST", url: "/predict", payload: { image: "no picture" } })).statusCode).toBe(
      400,
    );
    await service?.close();
    const rows = await rowsIn(path);
    expect(rows).toHaveLength(4);
    const [first] = rows;
    expect(first).toMatchObject({ requestId: "first", position: 0, role: "champion", label: answer.label });
    expect(first).toMatchObject({ model: answer.model, version: answer.model_version });
    expect(first!.confidence).toBeCloseTo(answer.confidence, 6);
    expect([...first!.probabilities].map((value) => Math.round(value * 1e7) / 1e7)).toEqual(answer.probabilities);
    expect(first!.latencyMs).toBeGreaterThan(0);
    // The two that are alike were in one batch, each with its own row of it.
    const ofMany = rows.filter(({ requestId }) => requestId === many.json().request_id);
    const [one, same] = ofMany.sort((a, b) => a.position - b.position);
    const alone = rows.find((row) => row !== first && !ofMany.includes(row));
    for (const { embedding } of rows) expect(embedding).toHaveLength(8);
    expect(one!.embedding).toEqual(same!.embedding);
    expect([...alone!.embedding!]).toEqual([...one!.embedding!].map((value) => expect.closeTo(value, 5)));
    expect(first!.embedding).not.toEqual(one!.embedding);
    expect(ofMany.map(({ position }) => position)).toEqual([0, 1]);
  });

  it("keeps what a picture really is, at once after the answer, and the history of it", async () => {
    const { path, send, predict, app } = await start();
    const { label, model_version } = await predict("asked");
    const other = label === "cat" ? "dog" : "cat";
    expect(await send({ request_id: "asked", label: other })).toEqual({
      status: 200,
      json: { request_id: "asked", position: 0, label: other, predicted: label, model_version },
    });
    expect((await send({ request_id: "asked", label })).status).toBe(200);
    const metrics = (await app.inject("/metrics")).body;
    expect(metrics).toContain('pawprint_feedback_total{prediction="wrong"} 1');
    expect(metrics).toContain('pawprint_feedback_total{prediction="right"} 1');
    expect(metrics).toContain("pawprint_prediction_log_written_total 1");
    await service?.close();
    expect((await rowsIn(path)).map(({ trueLabel }) => trueLabel)).toEqual([label]);
    const log = await openPredictionLog(path);
    expect((await log.feedbackFor("asked")).map((one) => one.label)).toEqual([other, label]);
    await log.close();
  });

  it("believes who spoke last, though the clock went back meanwhile", async () => {
    const { path, send, predict } = await start();
    await predict("asked");
    const now = Date.now();
    const clock = vi.spyOn(Date, "now");
    onTestFinished(() => clock.mockRestore());
    for (const [label, timeMs] of [
      ["cat", now],
      ["dog", now],
      ["cat", 1000],
    ] as const) {
      clock.mockReturnValue(timeMs);
      expect((await send({ request_id: "asked", label })).status).toBe(200);
    }
    clock.mockRestore();
    await service?.close();
    expect((await rowsIn(path)).map(({ trueLabel }) => trueLabel)).toEqual(["cat"]);
  });

  it("measures pictures as the reference of a bundle does, with the size that the file's header gives", async () => {
    const { path, app } = await start();
    const upright = await drawSamplePicture({ label: "cat", seed: 3, sizePx: 64 });
    const turned = await sharp(upright)
      .resize(96, 40, { fit: "fill" })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const pixels = await applyRecipe(turned, petModel.recipe);
    const send = (headers: Record<string, string>, payload: Buffer | object) =>
      app.inject({ method: "POST", url: "/predict", headers: { ...headers }, payload });
    await send({ "content-type": "image/jpeg", "x-request-id": "file" }, turned);
    await send({ "x-request-id": "pixels" }, { image: Array.from(pixels) });
    await service?.close();
    const folder = temporaryFolder("pictures");
    mkdirSync(join(folder, "cat"));
    writeFileSync(join(folder, "cat", "one.jpg"), turned);
    const [size] = await readPictureSizes(folder, ["cat/one.jpg"], { progress: silentProgress });
    expect(size).toMatchObject({ width: 96, height: 40 });
    const image = { ...petModel.recipe, pixels };
    const rows = await rowsIn(path);
    const measuredOf = (id: string) => statisticsFromRow(rows.find(({ requestId }) => requestId === id)!.statistics!);
    expect(measuredOf("file")).toEqual({
      version: pictureStatisticsVersion,
      statistics: pictureStatistics(image, size),
    });
    expect(measuredOf("pixels").statistics).toEqual(pictureStatistics(image));
  });

  it("has the challenger's answers beside the champion's, and takes a label for the one that was given", async () => {
    const challenger = join(temporaryFolder("challenger"), "challenger.onnx");
    await writeUntrainedBundle(
      { ...petModel, recipe: { ...petModel.recipe, width: 24, height: 24 }, seed: 8 },
      challenger,
    );
    const path = join(temporaryFolder("log"), "predictions.db");
    const started = await startService(petModel, { predictionLog: path, challenger });
    const { send, predict } = await clientOf(path, started);
    const { label, model_version } = await predict("asked");
    await started.server.service.shadow.idle();
    const version = started.server.service.host.current("challenger")!.version;
    expect(await send({ request_id: "asked", label: "cat" })).toMatchObject({
      status: 200,
      json: { predicted: label, model_version },
    });
    await service?.close();
    const rows = await rowsIn(path);
    expect(rows.map(({ role, requestId, position, trueLabel }) => [role, requestId, position, trueLabel])).toEqual([
      ["champion", "asked", 0, "cat"],
      ["challenger", "asked", 0, "cat"],
    ]);
    expect(rows.map((row) => row.version)).toEqual([model_version, version]);
    const [own, other] = rows.map(({ statistics }) => statisticsFromRow(statistics!).statistics);
    expect(own).toMatchObject({ width: 32, height: 32 });
    expect(other).toMatchObject({ width: 32, height: 32 });
    expect(own!.brightness).not.toBe(other!.brightness);
  });

  it("holds a label against the version that answered, also after another serves", async () => {
    const folder = temporaryFolder("models");
    await writeUntrainedBundle(petModel, join(folder, "one.onnx"));
    const path = join(temporaryFolder("log"), "predictions.db");
    const { send, predict } = await clientOf(
      path,
      await startService(petModel, { model: folder, predictionLog: path }),
    );
    await predict("old");
    await writeUntrainedBundle({ ...petModel, labels: ["cow", "sheep"], seed: 8 }, join(folder, "two.onnx"));
    await service!.server.service.host.refresh(true);
    await predict("new");
    const statusOf = async (id: string, label: string) => (await send({ request_id: id, label })).status;
    expect([await statusOf("old", "dog"), await statusOf("old", "cow")]).toEqual([200, 400]);
    expect([await statusOf("new", "dog"), await statusOf("new", "cow")]).toEqual([400, 200]);
    await service?.close();
    expect((await rowsIn(path)).map(({ role, trueLabel }) => [role, trueLabel])).toEqual([
      ["champion", "dog"],
      ["champion", "cow"],
    ]);
  });

  it("leaves in the log what its models are, and believes of a version of before what is written there", async () => {
    const path = join(temporaryFolder("log"), "predictions.db");
    const before = await clientOf(path, await startService(petModel, { predictionLog: path }));
    await before.predict("before");
    await service?.close();
    const now = await clientOf(
      path,
      await startService({ ...petModel, labels: ["cow", "sheep"], seed: 8 }, { predictionLog: path }),
    );
    await now.predict("now");
    const statusOf = async (id: string, label: string) => (await now.send({ request_id: id, label })).status;
    expect([await statusOf("before", "dog"), await statusOf("before", "cow")]).toEqual([200, 400]);
    expect([await statusOf("now", "dog"), await statusOf("now", "cow")]).toEqual([400, 200]);
    const { version } = service!.server.service.host.current("champion")!;
    await service?.close();
    const log = await openPredictionLog(path);
    const models = await log.models();
    await log.close();
    expect(models.map(({ labels }) => labels)).toEqual([petModel.labels, ["cow", "sheep"]]);
    expect(models[1]).toMatchObject({ model: "model", version });
  });

  it("refuses what it cannot believe, and says why", async () => {
    const { send, predict } = await start();
    await predict("known");
    const codeOf = async (body: object) => {
      const { status, json } = await send(body);
      return [status, json.error.code];
    };
    expect(await codeOf({ request_id: "unknown", label: "cat" })).toEqual([404, "PREDICTION_UNKNOWN"]);
    expect(await codeOf({ request_id: "known", label: "cat", position: 1 })).toEqual([404, "PREDICTION_UNKNOWN"]);
    expect(await codeOf({ request_id: "known", label: "cow" })).toEqual([400, "LABEL_UNKNOWN"]);
    expect(await codeOf({ request_id: "known" })).toEqual([400, "REQUEST_INVALID"]);
    expect(await codeOf({ request_id: "kno\0wn", label: "cat" })).toEqual([400, "REQUEST_INVALID"]);
    expect(await codeOf({ request_id: "known", label: "cat", position: -1 })).toEqual([400, "REQUEST_INVALID"]);
    expect(await codeOf({ request_id: "known", label: "x".repeat(20_000) })).toEqual([413, "REQUEST_TOO_LARGE"]);
  });

  it("does not start with a log that is none", async () => {
    const path = join(temporaryFolder("log"), "predictions.db");
    writeFileSync(path, "a letter ".repeat(500));
    await expect(startService(petModel, { predictionLog: path })).rejects.toMatchObject({
      code: "PREDICTION_LOG_UNAVAILABLE",
    });
  });
});

it("a service without a prediction log says so", async () => {
  const { send, app } = await clientOf("none", await startService(petModel));
  expect((await app.inject("/model")).json().takes_feedback).toBe(false);
  expect(await send({ request_id: "x", label: "cat" })).toMatchObject({
    status: 404,
    json: { error: { code: "PREDICTION_LOG_OFF", hint: "start it with `predictionLog`" } },
  });
});
