import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { writeUntrainedBundle } from "../../tests/support/untrained-bundle.ts";
import { forEachInParallel } from "../image/in-parallel.ts";
import { drawSamplePicture, sampleLabels, writeSampleSet } from "../image/sample-pictures.ts";
import { createServer } from "./library.ts";
import { makeReference, measurePredictionLog } from "./monitoring.ts";
import type { MonitorLogOptions } from "./options/monitoring-options.ts";

const cwd = temporaryFolder();
const sizePx = 32;
const window = 200;

const darkened = (picture: Uint8Array): Promise<Uint8Array> => sharp(picture).linear(0.7).jpeg().toBuffer();

/** Draws pictures that the reference does not have, sends them, and says what each one is. */
async function send(origin: string, name: string, change = async (picture: Uint8Array) => picture): Promise<void> {
  const post = async (path: string, body: Uint8Array | string, headers: Record<string, string>) => {
    const { status } = await fetch(`${origin}${path}`, { method: "POST", body, headers });
    expect(status).toBe(200);
  };
  const positions = Array.from({ length: window }, (_, at) => at);
  await forEachInParallel(
    positions,
    async (at) => {
      const label = sampleLabels[at % sampleLabels.length]!;
      const picture = await change(await drawSamplePicture({ label, seed: `${name}/${at}`, sizePx }));
      const requestId = `${name}-${at}`;
      await post("/predict", picture, { "content-type": "image/jpeg", "x-request-id": requestId });
      const body = JSON.stringify({ request_id: requestId, label });
      await post("/feedback", body, { "content-type": "application/json" });
    },
    { concurrency: 4 },
  );
}

beforeAll(async () => {
  await writeUntrainedBundle(
    {
      labels: sampleLabels,
      widths: [4, 4],
      recipe: { width: 24, height: 24, channels: 3, fit: "cover", kernel: "linear" },
    },
    join(cwd, "untrained.onnx"),
  );
  await writeSampleSet(join(cwd, "reference"), { perClass: 200, sizePx, seed: 1 });
  await makeReference({
    bundle: join(cwd, "untrained.onnx"),
    data: join(cwd, "reference"),
    split: "all",
    out: join(cwd, "model.onnx"),
  });
});

describe("the log that a service wrote", () => {
  it("shows pictures that are darker than those of the bundle's reference, and no drift before them", async () => {
    const predictionLog = join(cwd, "predictions.db");
    const server = await createServer({
      model: join(cwd, "model.onnx"),
      port: 0,
      logFile: join(cwd, "service.log"),
      predictionLog,
    });
    try {
      const { url } = await server.listen();
      await send(url, "clean");
      await send(url, "dark", darkened);
    } finally {
      await server.close();
    }

    const { count, labelled, windows, alarms } = await measurePredictionLog({
      predictionLog,
      window: { count: window },
    });
    expect({ count, labelled }).toEqual({ count: 2 * window, labelled: 2 * window });
    expect(windows).toMatchObject([
      {
        count: window,
        labelled: { count: window },
        drift: { kind: "none", untested: [], accuracy: { isKnown: true } },
      },
      { count: window, drift: { kind: "pictures", untested: [], accuracy: { isKnown: false } } },
    ]);
    const drifted = windows.map(({ drift }) =>
      "tests" in drift ? drift.tests.filter(({ hasDrifted }) => hasDrifted).map(({ name }) => name) : drift.notTested,
    );
    expect(drifted[0]).toEqual([]);
    expect(drifted[1]).toContain("brightness");
    expect(alarms.filter(({ kind }) => kind === "drift")).toMatchObject([
      { text: expect.stringContaining("pictures are darker") },
    ]);
  });
});

it.each([
  [{ predictionLog: "log.db", windows: { count: 200 } }, "CONFIG_UNKNOWN_KEY", "windows"],
  [{ predictionLog: "log.db", window: { count: 200, ms: 5 } }, "CONFIG_INVALID", undefined],
  [{ predictionLog: "log.db", range: { since: 3 } }, "CONFIG_UNKNOWN_KEY", undefined],
  [{ predictionLog: "log.db", falseAlarmRate: 1 }, "CONFIG_INVALID", undefined],
  [{ window: { count: 200 } }, "CONFIG_INVALID", undefined],
  [{ predictionLog: "no such log.db" }, "FILE_NOT_FOUND", undefined],
])("measurePredictionLog refuses %j", async (options, code, received) => {
  const refused = measurePredictionLog(options as MonitorLogOptions); // what a program in JavaScript may give
  await expect(refused).rejects.toMatchObject({ code, ...(received && { received }) });
});
