import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { writePictureFolder } from "../../../../tests/support/picture-folder.ts";
import { openPredictionLog } from "../../../prediction-log/open-prediction-log.ts";
import { runCommand } from "../../frame/run-command.ts";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "pawprint-quickstart-"));
  await writePictureFolder(join(cwd, "pictures"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function run(line: string) {
  const { context, out, err } = captureContext({ cwd });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err() };
}

describe("pawprint quickstart on pictures of one's own", () => {
  it("explains each step and ends with predictions and what to do next", async () => {
    const { exitCode, out } = await run("quickstart --data pictures --size 8 --epochs 2 --threads 1 --no-serve");
    expect(exitCode).toBe(0);
    const steps = [...out.matchAll(/^(\d)\. (\w+)/gm)].map(([, number, verb]) => `${number} ${verb}`);
    expect(steps).toEqual(["1 Decode", "2 Train", "3 Evaluate", "4 Write", "5 Load"]);
    expect(out).not.toContain("drawings");
    expect(out).toMatch(/\nblue\/blue\.\d+\.png {2}(blue|red) .* % {2}(right|wrong: it is blue)\n/);
    expect(out).toContain("predict models/quickstart.onnx PICTURE_OR_FOLDER");
    expect(out).toContain("npx pawprint serve models/quickstart.onnx");
    expect(await readdir(join(cwd, "models"))).toEqual(["quickstart.checkpoints", "quickstart.onnx"]);
  });

  it("ends in a running service, which ends in good order", async () => {
    const stop = new AbortController();
    const { context, out } = captureContext({ cwd, signal: stop.signal });
    const line = "quickstart --data pictures --size 8 --epochs 1 --threads 1 --port 0";
    const ended = runCommand(line.split(" "), context);
    const url = await vi.waitUntil(() => /playground +(http:\S+)/.exec(out())?.[1], { timeout: 50_000, interval: 20 });
    const health = await fetch(`${url}/health`);
    expect(await health.json()).toEqual({ status: "healthy", model_loaded: true });
    const samples = (await (await fetch(`${url}/samples`)).json()) as { samples: { label: string }[] };
    expect(samples.samples.slice(0, 2).map(({ label }) => label)).toEqual(["blue", "red"]);
    expect(await (await fetch(`${url}/model`)).json()).toMatchObject({ takes_feedback: true });
    const body = await readFile(join(cwd, "pictures", "blue", "blue.0.png"));
    const headers = { "content-type": "image/png", "x-request-id": "first" };
    expect((await fetch(`${url}/predict`, { method: "POST", headers, body })).status).toBe(200);
    stop.abort();
    expect(await ended).toBe(0);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    expect(await readFile(join(cwd, ".pawprint", "serve.log"), "utf8")).toContain('"route":"/health"');
    const log = await openPredictionLog(join(cwd, ".pawprint", "predictions.db"));
    expect(await log.find("first")).toHaveLength(1);
    await log.close();
  });

  it("writes its own bundle anew, and gives a program its result without serving", async () => {
    const json = await run("quickstart --data pictures --size 8 --epochs 1 --threads 1 --json");
    const result = JSON.parse(json.out);
    expect(result).toMatchObject({ sampleData: false, labels: ["blue", "red"] });
    expect(result.predictions.length).toBeGreaterThan(1);
    expect(result.predictions[0]).toMatchObject({ truth: "blue", prediction: { probabilities: expect.anything() } });
  });

  it("refuses data that is not there", async () => {
    expect(await run("quickstart --data nowhere")).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining("error FILE_NOT_FOUND"),
    });
  });
});
