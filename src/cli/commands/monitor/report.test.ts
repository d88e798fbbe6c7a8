import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { prediction } from "../../../../tests/contracts/prediction-log.ts";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { drawSamplePicture } from "../../../image/sample-pictures.ts";
import { openKeptPictures } from "../../../prediction-log/kept-pictures.ts";
import { openPredictionLog } from "../../../prediction-log/open-prediction-log.ts";
import { statisticsToRow } from "../../../prediction-log/statistics-row.ts";
import { openFolderStore } from "../../../storage/folder-store.ts";
import { runCommand } from "../../frame/run-command.ts";

const cwd = temporaryFolder();
const brightness = Array.from({ length: 400 }, (_, at) => 100 + ((at * 7919) % 41));
const reference = {
  version: 1,
  statisticsVersion: 1,
  split: "test",
  count: 400,
  accuracy: 0.9,
  meanConfidence: 0.75,
  expectedCalibrationError: 0.1,
  answerCounts: [133, 267],
  sample: {
    answers: brightness.map((_, at) => (at % 3 === 0 ? 0 : 1)),
    targets: brightness.map((_, at) => (at % 3 === 0 ? 0 : 1)),
    confidences: brightness.map(() => 0.75),
    statistics: { brightness },
  },
} as const;

/** 200 rows as the reference, and 200 darker ones a day later. */
beforeAll(async () => {
  const log = await openPredictionLog(join(cwd, "log.db"));
  await log.describeModel({
    model: "pets",
    version: "1f2e",
    labels: ["cat", "dog"],
    reference: { ...reference, answerCounts: [134, 266] },
    timeMs: 1,
  });
  const rows = Array.from({ length: 400 }, (_, at) =>
    prediction(at, {
      timeMs: Date.UTC(2026, 0, at < 200 ? 1 : 2) + at * 1000,
      statistics: statisticsToRow({ brightness: brightness[at]! - (at < 200 ? 0 : 60) }),
    }),
  );
  await log.append(rows);
  await log.addFeedback(
    rows
      .filter((_, at) => at % 10 === 0)
      .map(({ requestId, label, timeMs }) => ({ feedbackId: requestId, requestId, position: 0, label, timeMs })),
  );
  await log.close();
  const kept = openKeptPictures(openFolderStore(join(cwd, "kept")));
  for (const row of rows.slice(390)) {
    await kept.keep(row, await drawSamplePicture({ label: "cat", seed: 1, sizePx: 32 }));
  }
  await kept.close();
});

async function run(line: string, more: Parameters<typeof captureContext>[0] = {}) {
  const { context, out, err } = captureContext({ cwd, ...more });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err() };
}

const logFlag = "--prediction-log log.db --window 200";

describe("pawprint monitor report", () => {
  it("ends with 0 where nothing changed, and with 1 where the last window did, and says what", async () => {
    const clean = await run(`monitor report ${logFlag} --until 2026-01-02`);
    expect(clean).toMatchObject({ exitCode: 0, out: expect.stringContaining("no alarm") });
    expect(clean.out).toMatch(
      /an estimate without labels: on the reference, \d+ pictures, confidences were \d+\.\d points too (high|low) \(-?\d+\.\d to \d+\.\d\), which is corrected/,
    );
    const all = await run(`monitor report ${logFlag}`);
    expect(all.exitCode).toBe(1);
    expect(all.out).toContain("400 predictions, 2026-01-01 00:00 to 2026-01-02 00:06 UTC, 40 with a label");
    expect(all.out).toMatch(/alarm: drift of pets 1f2e: the pictures differ: pictures are darker/);
    expect(all.out).toContain("1 of 2 windows differ");
    expect(all.out).toContain("expected accuracy withheld");
  });

  it("is a JSON object for programs", async () => {
    const { exitCode, out } = await run(`monitor report ${logFlag} --since 2026-01-02 --json`);
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      count: 200,
      labelled: 20,
      windows: [
        {
          count: 200,
          isComplete: true,
          drift: { hasDrifted: true, kind: "pictures" },
          labelled: { count: 20, accuracy: 1, confusion: [{ share: 1 }, { share: 1 }] },
        },
      ],
      versions: [{ version: "1f2e", role: "champion", labelled: { count: 20, accuracy: 1 } }],
      alarms: [{ kind: "drift" }],
    });
  });

  it("writes a page with the pictures that were kept, and overwrites none unless told to", async () => {
    const line = `monitor report ${logFlag} --keep-pictures kept --out page.html`;
    expect((await run(line)).out).toContain("written: page.html");
    const page = readFileSync(join(cwd, "page.html"), "utf8");
    expect(page).toContain("The pictures or answers have changed");
    expect(page).toContain("data:image/jpeg;base64,");
    expect(page).toContain("Calibration error over time");
    expect(page).toMatch(/The expected accuracy is an estimate: on the reference, \d+ pictures, confidences were/);
    expect(page).not.toContain("<script");
    expect(page.match(/<svg/g)!.length).toBeGreaterThan(2);
    expect(await run(line)).toMatchObject({ exitCode: 1, err: expect.stringContaining("FILE_EXISTS") });
    expect((await run(`${line} --force`)).out).toContain("written: page.html");
  });

  it("says that a range is empty", async () => {
    const { exitCode, out } = await run(`monitor report ${logFlag} --since 2027-01-01 --out empty.html`);
    expect([exitCode, out]).toEqual([0, expect.stringContaining("no predictions in this range")]);
    expect(readFileSync(join(cwd, "empty.html"), "utf8")).toContain("No predictions in this range");
  });

  it.each([
    ["monitor report", 2, "--prediction-log"],
    ["monitor report --prediction-log no.db", 1, "FILE_NOT_FOUND"],
    ["monitor report --prediction-log log.db --window 3", 2, "--window"],
    ["monitor report --prediction-log log.db --since yesterday", 2, "--since"],
    ["monitor report --prediction-log broken.db", 1, "PREDICTION_LOG_UNAVAILABLE"],
    ["monitor watch --prediction-log log.db --every never", 2, "--every"],
    ["monitor watch --prediction-log log.db --webhook http://127.0.0.1:1", 2, "PAWPRINT_WEBHOOK_SECRET"],
  ])("%s ends with %d and %s", async (line, code, text) => {
    writeFileSync(join(cwd, "broken.db"), "a letter ".repeat(500));
    const { exitCode, err } = await run(line, { env: {} });
    expect([exitCode, err]).toEqual([code, expect.stringContaining(text)]);
    expect(existsSync(join(cwd, "no.db"))).toBe(false);
  });
});

describe("pawprint monitor watch", () => {
  it("sends an alarm once, signed, and stops when it is told to", async () => {
    const stop = new AbortController();
    const bodies: string[] = [];
    const receiver = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        bodies.push(body);
        expect(request.headers["webhook-signature"]).toMatch(/^v1,/);
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const { port } = receiver.address() as AddressInfo;
    let looks = 0;
    let said = "";
    const { context, out } = captureContext({
      cwd,
      env: { PAWPRINT_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 1).toString("base64")}` },
      signal: stop.signal,
      stderr: (text) => {
        said += text;
        if (++looks === 3) stop.abort();
      },
    });
    const line = `monitor watch ${logFlag} --since 2026-01-01 --every 0.001s --webhook http://127.0.0.1:${port}/hook --json`;
    expect([await runCommand(line.split(" "), context), said + out()]).toEqual([
      0,
      expect.stringContaining("1 alarms"),
    ]);
    receiver.close();
    expect(bodies.map((body) => JSON.parse(body))).toEqual([
      {
        type: "monitor.alarm",
        timestamp: expect.any(String),
        data: expect.objectContaining({ kind: "drift", version: "1f2e" }),
      },
    ]);
    expect(out().trim().split("\n")).toHaveLength(1);
  });
});
