import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawnSidePx, writeReferencedBundle } from "../../../tests/support/referenced-bundle.ts";
import { petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { drawSamplePicture, sampleLabels } from "../../image/sample-pictures.ts";

const window = 50;

describe("a service whose bundle has a reference", () => {
  const folder = temporaryFolder("drift");
  let service: RunningService;
  let drawn = 0;
  let sent = 0;

  beforeAll(async () => {
    const model = await writeReferencedBundle(folder);
    service = await startService(petModel, {
      model,
      predictionLog: join(folder, "log.db"),
      driftWindow: window,
      driftMs: 0,
    });
  }, 60_000);
  afterAll(() => service?.close());

  const linesOf = async (name: string): Promise<string[]> => {
    const { body } = await service.server.app.inject("/metrics");
    return body.split("\n").filter((line) => line.startsWith(`pawprint_${name}`));
  };
  const metricOf = async (name: string): Promise<number | undefined> => {
    const [line] = await linesOf(name);
    return line === undefined ? undefined : Number(line.split(" ").at(-1));
  };
  const driftInLog = async (): Promise<readonly Record<string, unknown>[]> => {
    const lines = (await readFile(join(service.folder, "service.log"), "utf8")).trim().split("\n");
    return lines.map((line) => JSON.parse(line)).filter(({ msg = "" }) => msg.includes("drift"));
  };

  async function sendPicture(change: (jpeg: Uint8Array) => Promise<Uint8Array>): Promise<string> {
    const label = sampleLabels[drawn % 2]!;
    const jpeg = await change(await drawSamplePicture({ label, seed: `new/${drawn++}`, sizePx: drawnSidePx }));
    const id = `picture-${drawn}`;
    const headers = { "content-type": "image/jpeg", "x-request-id": id };
    const { app } = service.server;
    const answer = await app.inject({ method: "POST", url: "/predict", headers, payload: Buffer.from(jpeg) });
    expect(answer.statusCode).toBe(200);
    return id;
  }

  /** Sends a window, and waits until it was tested. */
  async function sendWindow(change = async (jpeg: Uint8Array) => jpeg): Promise<string[]> {
    const ids: string[] = [];
    for (let at = 0; at < window; at++) ids.push(await sendPicture(change));
    sent++;
    const tested = async () => {
      const counts = (await linesOf("drift_windows_total")).map((line) => Number(line.split(" ").at(-1)));
      return counts.reduce((sum, count) => sum + count, 0);
    };
    await expect.poll(tested, { timeout: 30_000 }).toBe(sent);
    return ids;
  }
  const darkened = async (jpeg: Uint8Array): Promise<Uint8Array> => sharp(jpeg).linear(0.6).jpeg().toBuffer();

  it("says nothing of drift before the first window is full", async () => {
    expect(await linesOf("drift_detected{")).toEqual([]);
    expect((await linesOf("drift_windows_total{")).sort()).toEqual([
      'pawprint_drift_windows_total{result="clean"} 0',
      'pawprint_drift_windows_total{result="drift"} 0',
    ]);
    expect(await linesOf("model_reference_accuracy{")).toHaveLength(1);
  });

  it("finds none in windows like the reference, and estimates the accuracy", async () => {
    for (let at = 0; at < 2; at++) {
      await sendWindow();
      expect(await metricOf("drift_detected{")).toBe(0);
    }
    expect(await metricOf("expected_accuracy{")).toBeGreaterThan(0);
    const statistics = await linesOf("drift_statistic{");
    expect(statistics.length).toBeGreaterThanOrEqual(11);
    expect(await linesOf("drift_threshold{")).toHaveLength(statistics.length);
    expect(await driftInLog()).toEqual([]);
  }, 60_000);

  it("finds it in the first window of darkened pictures, withholds the estimate, and says so once", async () => {
    const version = service.server.service.host.current("champion")!.version;
    await sendWindow(darkened);
    expect(await linesOf("drift_detected{")).toEqual([`pawprint_drift_detected{version="${version}"} 1`]);
    expect(await linesOf("expected_accuracy{")).toEqual([]);
    await sendWindow(darkened);
    expect(await metricOf('drift_windows_total{result="drift"')).toBe(2);
    await sendWindow();
    expect(await metricOf("drift_detected{")).toBe(0);
    await expect.poll(async () => (await driftInLog()).length, { timeout: 10_000 }).toBe(2);
    const [began, ended] = await driftInLog();
    expect(began).toMatchObject({ level: 40, msg: "the answers drift from the reference", version, window });
    expect(began!.summary).toContain("pictures are darker (brightness");
    expect(ended).toMatchObject({ level: 40, msg: "the answers no longer drift", summary: "no drift" });
  }, 120_000);

  it("shows the accuracy by the latest labels of each picture", async () => {
    const id = await sendPicture(async (jpeg) => jpeg);
    const say = async (label: string) =>
      (
        await service.server.app.inject({ method: "POST", url: "/feedback", payload: { request_id: id, label } })
      ).json();
    const { predicted } = await say("cat");
    await say(predicted === "cat" ? "dog" : "cat");
    expect([await metricOf("labelled_accuracy{"), await metricOf("labelled_pictures{")]).toEqual([0, 1]);
    await say(predicted);
    expect([await metricOf("labelled_accuracy{"), await metricOf("labelled_pictures{")]).toEqual([1, 1]);
  });
});

it("is asked for windows that show anything, or none", async () => {
  await expect(startService(petModel, { driftWindow: 19 })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    required: expect.stringContaining("0 or a whole number from 20 to 1000"),
  });
});
