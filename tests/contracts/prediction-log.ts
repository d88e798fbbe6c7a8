/** What every prediction log must do; each store's test runs this suite. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReferenceProfile } from "../../src/bundle/reference-profile.ts";
import type { LabelledPrediction, LoggedPrediction, PredictionLog } from "../../src/prediction-log/prediction-log.ts";

export function prediction(at: number, changes: Partial<LoggedPrediction> = {}): LoggedPrediction {
  return {
    rowId: `row-${String(at).padStart(6, "0")}`,
    requestId: `request-${at}`,
    position: 0,
    timeMs: 1_700_000_000_000 + at,
    model: "pets",
    version: "1f2e",
    role: "champion",
    label: at % 3 === 0 ? "cat" : "dog",
    confidence: 0.75,
    probabilities: Float32Array.of(0.25, 0.75),
    latencyMs: 12.5,
    ...changes,
  };
}

/** Of three pictures of two classes. */
function drawnReference(): ReferenceProfile {
  return {
    version: 1,
    statisticsVersion: 1,
    split: "test",
    count: 3,
    accuracy: 2 / 3,
    meanConfidence: 0.9,
    expectedCalibrationError: 0.1,
    answerCounts: [2, 1],
    sample: {
      answers: [0, 0, 1],
      targets: [0, 1, 1],
      confidences: [0.9, 0.9, 0.9],
      statistics: { brightness: [90, 120.5, 1] },
    },
  };
}

async function all(rows: AsyncIterable<LabelledPrediction>): Promise<LabelledPrediction[]> {
  const list: LabelledPrediction[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

/** `open` opens the same store each time; it is empty at the first. */
export function describePredictionLog(
  name: string,
  prepare: () => Promise<{ open(): Promise<PredictionLog>; remove(): Promise<void> }>,
): void {
  describe(`${name} as a prediction log`, () => {
    let store: Awaited<ReturnType<typeof prepare>>;
    let log: PredictionLog;
    beforeEach(async () => {
      store = await prepare();
      log = await store.open();
    });
    afterEach(async () => {
      await log.close();
      await store.remove();
    });

    it("gives back what was written, whole, after it was opened again", async () => {
      const whole = prediction(1, {
        statistics: Float32Array.of(0.5, Number.NaN, -3),
        embedding: Float32Array.from({ length: 512 }, (_, at) => at / 7),
        keyId: "key-ü",
        label: "Katze'; drop table predictions; --",
      });
      await log.append([prediction(2), whole]);
      await log.close();
      log = await store.open();
      expect(await all(log.read())).toEqual([whole, prediction(2)]);
      expect(await log.find("request-1")).toEqual([whole]);
      expect(await log.find("nothing")).toEqual([]);
    });

    it("gives pages without vectors, and rows whole by their ids", async () => {
      const rows = [1, 2, 3].map((at) =>
        prediction(at, { embedding: Float32Array.of(1, 2), statistics: Float32Array.of(7) }),
      );
      await log.append(rows);
      await log.addFeedback([
        { feedbackId: "f", requestId: "request-2", position: 0, label: "cat", timeMs: 1_700_000_000_009 },
      ]);
      const pages = [];
      for await (const page of log.pages({ fromMs: rows[1]!.timeMs }, { vectors: false })) pages.push(...page);
      const plain = rows.slice(1).map(({ embedding: _, ...row }) => ({ ...row, probabilities: Float32Array.of() }));
      expect(pages).toEqual([{ ...plain[0]!, trueLabel: "cat" }, plain[1]]);
      const found = await log.rowsOf(["row-000003", "nothing", "row-000001"]);
      expect(found.toSorted((a, b) => a.timeMs - b.timeMs)).toEqual([rows[0], rows[2]]);
      expect(await log.rowsOf([])).toEqual([]);
    });

    it("gives confidences back to the last bit of float32", async () => {
      const numbers = [0.1 + 0.2, 1 / 3, 0.7, 1e-40, 0.1234567890123456, 1].map(Math.fround);
      const rows = numbers.map((value, at) => prediction(at, { confidence: value, latencyMs: at + 0.0625 }));
      await log.append(rows);
      expect(await all(log.read())).toEqual(rows);
    });

    it("knows what models its predictions are of", async () => {
      expect(await log.models()).toEqual([]);
      const first = { model: "pets", version: "1", labels: ["cat", "dog ' ü"], timeMs: 5 };
      const reference = drawnReference();
      const second = { model: "pets", version: "2", labels: ["cat", "dog"], reference, timeMs: 7 };
      await log.describeModel(second);
      await log.describeModel(first);
      await log.describeModel({ ...first, labels: ["another"], timeMs: 9 });
      expect(await log.models()).toEqual([first, second]);
    });

    it("has each prediction once, however often it is written", async () => {
      await log.append([prediction(1), prediction(2)]);
      await log.append([prediction(2), prediction(3)]);
      expect(await log.count()).toBe(3);
      await log.append([]);
      expect(await log.count()).toBe(3);
    });

    it("reads more than a page in the order of time, also where times are equal", async () => {
      const rows = Array.from({ length: 4501 }, (_, at) => prediction(at, { timeMs: 1000 + Math.floor(at / 3000) }));
      await log.append(rows.toReversed());
      expect((await all(log.read())).map(({ rowId }) => rowId)).toEqual(rows.map(({ rowId }) => rowId));
    });

    it("reads what a clock that goes back wrote, in pages and by the time that it said", async () => {
      const rows = Array.from({ length: 2500 }, (_, at) => prediction(at, { timeMs: 5_000_000 - at * 1000 }));
      for (let at = 0; at < rows.length; at += 500) await log.append(rows.slice(at, at + 500));
      expect((await all(log.read())).map(({ rowId }) => rowId)).toEqual(rows.toReversed().map(({ rowId }) => rowId));
      expect(await log.find("request-2499")).toEqual([rows[2499]]);
    });

    it("keeps the challenger's row beside the answer, and judges both by what is said of the request", async () => {
      const answered = prediction(1);
      await log.append([answered, { ...answered, rowId: "row-000002", version: "9c0d", role: "challenger" }]);
      await log.addFeedback([{ feedbackId: "a", requestId: "request-1", position: 0, label: "cat", timeMs: 9 }]);
      const judged = (await all(log.read())).map(({ role, version, trueLabel }) => [role, version, trueLabel]);
      expect(judged).toEqual([
        ["champion", "1f2e", "cat"],
        ["challenger", "9c0d", "cat"],
      ]);
      expect(await log.find("request-1")).toHaveLength(2);
    });

    it("reads and counts a range of time, and one version", async () => {
      await log.append([1, 2, 3, 4].map((at) => prediction(at, { timeMs: at, version: at < 3 ? "old" : "new" })));
      const range = { fromMs: 2, untilMs: 4 };
      expect((await all(log.read(range))).map(({ timeMs }) => timeMs)).toEqual([2, 3]);
      expect(await log.count(range)).toBe(2);
      expect(await log.count({ version: "new" })).toBe(2);
      expect((await all(log.read({ ...range, version: "new" }))).map(({ timeMs }) => timeMs)).toEqual([3]);
      expect(await all(log.read({ fromMs: 10 }))).toEqual([]);
    });

    it("takes the latest label, keeps the earlier ones, and has each once", async () => {
      await log.append([prediction(1), prediction(1, { rowId: "second", position: 1 })]);
      const said = (feedbackId: string, label: string, timeMs: number, position = 0) => ({
        feedbackId,
        requestId: "request-1",
        position,
        label,
        timeMs,
      });
      await log.addFeedback([said("b", "dog", 20)]);
      await log.addFeedback([said("a", "cat", 10), said("b", "dog", 20)]);
      const trueLabels = async () => (await all(log.read())).map(({ trueLabel }) => trueLabel);
      expect(await trueLabels()).toEqual(["dog", undefined]);
      expect((await log.feedbackFor("request-1")).map(({ label }) => label)).toEqual(["cat", "dog"]);
      await log.addFeedback([said("c", "cat", 30), { ...said("d", "dog", 5, 1), keyId: "k" }]);
      expect(await trueLabels()).toEqual(["cat", "dog"]);
    });

    it("finds the answers to many requests at once, with what was said last of them", async () => {
      const rows = Array.from({ length: 1200 }, (_, at) => prediction(at));
      await log.append([...rows, prediction(7, { rowId: "beside", role: "challenger", timeMs: 1_700_000_000_008 })]);
      const said = (feedbackId: string, label: string, timeMs: number) => ({ feedbackId, label, timeMs });
      const of7 = { requestId: "request-7", position: 0 };
      await log.addFeedback([
        { ...of7, ...said("b", "dog", 20) },
        { ...of7, ...said("a", "cat", 10) },
        { ...of7, ...said("c", "cow", 30), position: 1 },
      ]);
      const found = await log.summaries([...rows.map(({ requestId }) => requestId), "nothing", "' or 1 = 1 --"]);
      expect(found).toHaveLength(1201);
      const { requestId, position, timeMs, model, version, label } = prediction(7);
      const first = { requestId, position, timeMs, model, version, label, role: "champion" };
      expect(found.filter((one) => one.requestId === requestId)).toEqual([
        { ...first, trueLabel: "dog", labelledMs: 20 },
        { ...first, role: "challenger", timeMs: 1_700_000_000_008, trueLabel: "dog", labelledMs: 20 },
      ]);
      expect(found[0]).not.toHaveProperty("trueLabel");
      expect(await log.summaries([])).toEqual([]);
    });

    it("removes what is old, and what a request left, with what was said of them", async () => {
      await log.append([1, 2, 3].map((at) => prediction(at, { timeMs: at })));
      const feedback = [1, 2, 3].map((at) => ({
        feedbackId: `${at}`,
        requestId: `request-${at}`,
        position: 0,
        label: "cat",
        timeMs: 9,
      }));
      await log.addFeedback(feedback);
      expect(await log.removeBefore(2)).toBe(1);
      expect(await log.feedbackFor("request-1")).toEqual([]);
      expect(await log.removeRequest("request-3")).toBe(1);
      expect(await log.removeRequest("request-3")).toBe(0);
      expect(await log.feedbackFor("request-3")).toEqual([]);
      expect((await all(log.read())).map(({ requestId, trueLabel }) => [requestId, trueLabel])).toEqual([
        ["request-2", "cat"],
      ]);
    });

    it("is written by two at once", async () => {
      const other = await store.open();
      try {
        const write = async (to: PredictionLog, from: number) => {
          for (let at = from; at < from + 200; at += 10)
            await to.append(Array.from({ length: 10 }, (_, row) => prediction(at + row)));
        };
        await Promise.all([write(log, 0), write(other, 100)]);
        expect(await log.count()).toBe(300);
      } finally {
        await other.close();
      }
    });
  });
}
