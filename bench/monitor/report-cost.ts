/**
 * A report over many logged predictions against the same figures by Evidently on the same rows, and
 * over a tenth of them, which shows whether memory grows.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "../../src/base/random.ts";
import { openPredictionLog } from "../../src/prediction-log/open-prediction-log.ts";
import { answerInRow, drawAnswer, drawnLabels, drawReference } from "../../tests/support/drawn-answers.ts";
import { findPeerPython } from "../../tests/support/peer-python.ts";
import { startLineProcess } from "../line-process.ts";
import { type BenchmarkResult, median } from "../report.ts";

const targetSeconds = 10;
/** Times as fast as the peer. */
const target = 5;

export interface ReportCostSettings {
  readonly scratch: string;
  readonly rows: number;
  readonly rounds: number;
  readonly log: (text: string) => void;
}

export async function measureReportCost(settings: ReportCostSettings): Promise<readonly BenchmarkResult[]> {
  const { scratch, rows, rounds, log } = settings;
  const whole = join(scratch, "whole.db");
  const tenth = join(scratch, "tenth.db");
  log(`writing ${rows} predictions`);
  await writeLog(whole, rows);
  await writeLog(tenth, Math.ceil(rows / 10));
  const python = await findPeerPython(["evidently", "pandas"], log);
  const peer =
    python === undefined ? undefined : startLineProcess(python, [fileURLToPath(new URL("peer.py", import.meta.url))]);
  const [seconds, peerSeconds, peaks, smallPeaks]: number[][] = [[], [], [], []];
  let peerVersion = "absent";
  try {
    for (let round = 0; round < rounds; round++) {
      const ours = await askOnce(whole);
      seconds!.push(Number(ours.seconds));
      peaks!.push(Number(ours.peakMB));
      smallPeaks!.push(Number((await askOnce(tenth)).peakMB));
      const theirs = await peer?.ask({ log: whole });
      if (theirs) {
        requireSameFigures(ours, theirs);
        peerSeconds!.push(Number(theirs.seconds));
        peerVersion = String(theirs.version);
      }
      log(
        `round ${round + 1}: ${Number(ours.seconds).toFixed(2)} s, Evidently ${theirs ? Number(theirs.seconds).toFixed(2) : "absent"}`,
      );
    }
  } finally {
    await peer?.close();
  }
  const value = median(seconds!);
  const peerValue = peerSeconds!.length === 0 ? null : median(peerSeconds!);
  return [
    {
      case: `report over ${rows} predictions, page included`,
      value,
      unit: "s",
      peer: peerValue === null ? "Evidently is absent (PAWPRINT_PEER_PYTHON)" : `Evidently ${peerVersion}`,
      peerValue,
      ratio: peerValue === null ? null : peerValue / value,
      target,
    },
    {
      case: `the same, against ${targetSeconds} s`,
      value,
      unit: "s",
      peer: "the limit",
      peerValue: targetSeconds,
      ratio: targetSeconds / value,
      target: 1,
    },
    {
      case: "memory of it against a tenth of the rows",
      value: median(peaks!),
      unit: "MB",
      peer: "a tenth of the rows",
      peerValue: median(smallPeaks!),
      ratio: median(smallPeaks!) / median(peaks!),
      target: null,
    },
  ];
}

/** Each in a process of its own, since memory is that of a process. */
async function askOnce(log: string): Promise<Record<string, unknown>> {
  const worker = startLineProcess(process.execPath, [
    "--import",
    "tsx",
    fileURLToPath(new URL("report-worker.ts", import.meta.url)),
  ]);
  try {
    return await worker.ask({ log });
  } finally {
    await worker.close();
  }
}

/** Both must have read the same rows and found the same: class shares and accuracy are defined alike. */
function requireSameFigures(ours: Record<string, unknown>, theirs: Record<string, unknown>): void {
  const figures = theirs.figures as Record<string, number>;
  const figureOf = (start: string): number => Object.entries(figures).find(([name]) => name.startsWith(start))![1];
  const shifts = ours.shifts as readonly { readonly name: string; readonly size: number }[];
  const shares = shifts.find(({ name }) => name === "classShares")!.size;
  const [accuracy] = ours.accuracy as readonly number[];
  const pairs = [
    [ours.rows, theirs.rows],
    [ours.labelled, theirs.labelled],
    [accuracy, figureOf("Accuracy")],
    // Its logarithm is to base e.
    [shares * Math.sqrt(Math.LN2), figureOf("ValueDrift(column=label")],
  ] as const;
  for (const [one, other] of pairs) {
    if (Math.abs(Number(one) - Number(other)) > 1e-6) throw new Error(`figures differ: ${one} and ${other}`);
  }
}

const atOnce = 5000;

/** A tenth of the rows with a label, each row with an embedding of 32 numbers. */
async function writeLog(path: string, count: number): Promise<void> {
  const log = await openPredictionLog(path);
  const random = createRandom(2);
  await log.describeModel({ model: "pets", version: "1", labels: drawnLabels, reference: drawReference(), timeMs: 1 });
  for (let from = 0; from < count; from += atOnce) {
    const answers = Array.from({ length: Math.min(atOnce, count - from) }, (_, at) => ({
      ...drawAnswer(random),
      at: from + at,
    }));
    await log.append(
      answers.map(({ at, ...answer }) => ({
        rowId: `row-${String(at).padStart(9, "0")}`,
        requestId: `request-${at}`,
        position: 0,
        timeMs: 1_700_000_000_000 + at * 50,
        model: "pets",
        version: "1",
        role: "champion",
        ...answerInRow(answer),
        latencyMs: 5,
        embedding: Float32Array.from({ length: 32 }, () => random.normal()),
      })),
    );
    await log.addFeedback(
      answers
        .filter(({ at }) => at % 10 === 0)
        .map(({ target, at }) => ({
          feedbackId: `feedback-${at}`,
          requestId: `request-${at}`,
          position: 0,
          label: drawnLabels[target]!,
          timeMs: 1_700_000_000_000 + at * 50,
        })),
    );
  }
  await log.close();
}
