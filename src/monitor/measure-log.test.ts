import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answerInRow, drawAnswer, drawnLabels, drawReference, type Light } from "../../tests/support/drawn-answers.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { createRandom } from "../base/random.ts";
import { openPredictionLog } from "../prediction-log/open-prediction-log.ts";
import type { LoggedPrediction, PredictionLog } from "../prediction-log/prediction-log.ts";
import { measureLog } from "./measure-log.ts";

const labels = drawnLabels;
const startMs = Date.UTC(2026, 0, 1);

const reference = drawReference();
const model = { model: "pets", labels, timeMs: startMs };

let log: PredictionLog;
let written: number;
beforeEach(async () => {
  log = await openPredictionLog(join(temporaryFolder("monitor"), "predictions.db"));
  written = 0;
});
afterEach(() => log.close());

/** `labelled`: every so many get their label. */
async function serve(
  count: number,
  light: Light = {},
  { version = "1", role = "champion", labelled = 0 }: { version?: string; role?: string; labelled?: number } = {},
): Promise<void> {
  const random = createRandom(100 + written);
  const answers = Array.from({ length: count }, (_, at) => ({ ...drawAnswer(random, light), at: written + at }));
  written += count;
  const rows: LoggedPrediction[] = answers.map(({ at, ...answer }) => ({
    rowId: `${version}-${role}-${at}`,
    requestId: `r${at}`,
    position: 0,
    timeMs: startMs + at * 1000,
    model: "pets",
    version,
    role,
    ...answerInRow(answer),
    latencyMs: 5,
  }));
  await log.append(rows);
  await log.addFeedback(
    answers
      .filter(({ at }) => labelled > 0 && at % labelled === 0)
      .map(({ target, at }) => ({
        feedbackId: `f${at}`,
        requestId: `r${at}`,
        position: 0,
        label: labels[target]!,
        timeMs: startMs + at * 1000 + 500,
      })),
  );
}

const window = { count: 200 };

describe("windows of a version", () => {
  beforeEach(() => log.describeModel({ ...model, version: "1", reference }));

  it("raise at most one alarm of twenty while nothing changes, with the accuracy that labels and confidences say", async () => {
    await serve(4000, {}, { labelled: 2 });
    const report = await measureLog(log, { window });
    expect(report).toMatchObject({ count: 4000, labelled: 2000, firstMs: startMs, lastMs: startMs + 3_999_000 });
    expect(report.windows).toHaveLength(20);
    const drifted = report.windows.filter(({ drift }) => !("notTested" in drift) && drift.hasDrifted);
    expect(drifted.length).toBeLessThanOrEqual(1);
    expect(report.alarms.filter(({ kind }) => kind === "accuracy")).toEqual([]);
    const [version] = report.versions;
    const { accuracy, interval } = version!.labelled!;
    expect(accuracy).toBeGreaterThan(interval.low);
    for (const { drift } of report.windows) {
      if ("notTested" in drift || !drift.accuracy.isKnown) continue;
      // Of windows of 200; the error of an estimate is that of both.
      expect(Math.abs(drift.accuracy.accuracy - accuracy)).toBeLessThan(0.05);
    }
  });

  it("are an alarm from the first one with darker pictures on, and say so", async () => {
    await serve(1000);
    await serve(200, { brighter: -30 });
    const { windows, alarms } = await measureLog(log, { window });
    const last = windows.at(-1)!.drift;
    expect(last).toMatchObject({ hasDrifted: true, kind: "pictures", accuracy: { isKnown: false } });
    expect(alarms).toEqual([
      expect.objectContaining({ kind: "drift", version: "1", text: expect.stringContaining("darker") }),
    ]);
  });

  it("name a change of class shares as one", async () => {
    await serve(400);
    await serve(400, { shareOfDogs: 0.85 });
    const { windows } = await measureLog(log, { window });
    expect(windows.at(-1)!.drift).toMatchObject({ kind: "class-shares" });
    expect(windows.at(-1)!.classShares[1]).toBeGreaterThan(0.6);
  });

  it("are those of time, from its multiples on; the last may not be complete", async () => {
    await serve(3700);
    const { windows } = await measureLog(log, { window: { ms: 600_000 } });
    expect(windows.map(({ count, isComplete }) => [count, isComplete])).toEqual([
      ...Array.from({ length: 6 }, () => [600, true]),
      [100, false],
    ]);
    expect(windows.map(({ firstMs }) => firstMs - startMs)).toEqual([0, 1, 2, 3, 4, 5, 6].map((at) => at * 600_000));
  });

  it("have an alarm where labels say that accuracy fell, though confidences do not", async () => {
    await serve(2000, { accuracy: (confidence) => confidence - 0.1 }, { labelled: 1 });
    const { alarms, versions } = await measureLog(log, { window });
    expect(alarms.map(({ kind }) => kind)).toContain("accuracy");
    const { labelled, reference: evaluated } = versions[0]!;
    expect(labelled!.expectedCalibrationError).toBeGreaterThan(evaluated!.expectedCalibrationError);
    expect(labelled!.calibrationInterval.low).toBeGreaterThan(0.05);
  });

  it("take a range alone, which may be empty", async () => {
    await serve(300);
    const range = { fromMs: startMs + 100_000, untilMs: startMs + 200_000 };
    expect(await measureLog(log, { range })).toMatchObject({ count: 100, firstMs: startMs + 100_000 });
    expect(await measureLog(log, { range: { fromMs: startMs + 1e9 } })).toMatchObject({
      count: 0,
      versions: [],
      windows: [],
      alarms: [],
    });
  });

  it("are of 20 predictions or more", async () => {
    await expect(measureLog(log, { window: { count: 19 } })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await serve(19);
    const { windows } = await measureLog(log);
    expect(windows).toEqual([expect.objectContaining({ drift: { notTested: "fewer than 20 predictions" } })]);
  });

  it("show the pictures that are furthest from the others", async () => {
    await serve(500);
    await serve(1, { brighter: 400 });
    const [first] = (await measureLog(log)).unusual;
    expect(first).toMatchObject({ requestId: "r500", statistic: "brightness" });
    expect(first!.distance).toBeGreaterThan(3);
  });
});

describe("a reference", () => {
  it("is asked for where a version has none, and taken from elsewhere for the same labels", async () => {
    await log.describeModel({ ...model, version: "1" });
    await serve(200);
    const notTested = expect.stringContaining("pawprint monitor reference");
    expect((await measureLog(log)).windows[0]!.drift).toEqual({ notTested });
    const given = { profile: reference, labels, where: "m.onnx" };
    expect((await measureLog(log, { reference: given })).windows[0]!.drift).toMatchObject({ hasDrifted: false });
    await expect(measureLog(log, { reference: { ...given, labels: ["bee", "fly"] } })).rejects.toMatchObject({
      code: "REFERENCE_MISMATCH",
      where: "m.onnx",
    });
  });

  it("of another version of the statistics is not compared with", async () => {
    await log.describeModel({ ...model, version: "1", reference: { ...reference, statisticsVersion: 9 } });
    await serve(200);
    const notTested = expect.stringContaining("version 9");
    expect((await measureLog(log)).windows[0]!.drift).toEqual({ notTested });
  });

  it("of a version that nobody described is not known", async () => {
    await serve(200);
    const notTested = "nothing is known of version 1";
    expect((await measureLog(log)).windows[0]!.drift).toEqual({ notTested });
  });
});

describe("a canary and a challenger", () => {
  it("are compared with the champion by their labels: the canary while it served, the challenger on the same pictures", async () => {
    const good: Light = { accuracy: () => 0.95 };
    const bad: Light = { accuracy: () => 0.75 };
    // Before the canary the champion was worse; that does not count.
    await serve(500, bad, { labelled: 1 });
    for (let round = 0; round < 5; round++) {
      await serve(200, good, { labelled: 1 });
      await serve(200, bad, { version: "2", role: "canary", labelled: 1 });
    }
    // The challenger has always the true label.
    const rows: LoggedPrediction[] = [];
    for await (const row of log.read()) {
      if (row.role !== "champion" || row.trueLabel === undefined) continue;
      rows.push({
        ...row,
        rowId: `c${row.rowId}`,
        role: "challenger",
        version: "3",
        label: row.trueLabel,
        timeMs: row.timeMs + 30,
      });
    }
    await log.append(rows.slice(500));
    const { comparisons, count, alarms, windows } = await measureLog(log);
    expect(count).toBe(2500);
    expect(windows.some(({ version }) => version === "3")).toBe(false);
    const [canary, challenger] = comparisons.toSorted((a, b) => (a.role < b.role ? -1 : 1));
    expect(canary).toMatchObject({ role: "canary", isPaired: false, verdict: "worse" });
    expect(canary!.other.count).toBe(1000);
    expect(canary!.champion).toMatchObject({ count: 800 });
    expect(canary!.champion.right / 800).toBeGreaterThan(0.92);
    expect(challenger).toMatchObject({ role: "challenger", isPaired: true, verdict: "better" });
    expect(challenger!.other).toEqual({ right: 1000, count: 1000 });
    expect(challenger!.champion.count).toBe(1000);
    expect(alarms.map(({ kind }) => kind)).toContain("comparison");
  });
});
