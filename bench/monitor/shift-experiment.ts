/**
 * npm run bench:shift [-- --json] [-- --bundle FILE] [-- --other SOURCE] [-- --time 4m] [-- --seed 0]
 *
 * Drift and accuracy without labels, on photographs: a model is trained, a service answers pictures
 * that it never saw, clean and changed, and the prediction log is measured in windows of 200. What
 * was expected of each part is in the table beside what was found. `--bundle` keeps the model, or
 * takes the one that an earlier call with the same seed kept.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { inspectBundle } from "../../src/bundle/bundle-file.ts";
import type { ReferenceProfile } from "../../src/bundle/reference-profile.ts";
import { drawSamplePicture, sampleLabels } from "../../src/image/sample-pictures.ts";
import type { DriftReport } from "../../src/monitor/detect-drift.ts";
import type { WindowFigures } from "../../src/monitor/window-figures.ts";
import { train } from "../../src/wire/library.ts";
import { type BenchmarkResult, printBenchmark, tableOf } from "../report.ts";
import { type ExperimentPictures, type Photograph, readPictures, writePictures } from "./experiment-pictures.ts";
import { logOf } from "./serve-pictures.ts";
import { shifted, shifts, squashed, upscaled } from "./shifts.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    bundle: { type: "string" },
    other: { type: "string" },
    time: { type: "string", default: "4m" },
    seed: { type: "string", default: "0" },
  },
});
const log = (text: string) => process.stderr.write(`${text}\n`);
const data = process.env.PAWPRINT_TEST_DATA ?? resolve("..", "shared", "data");
const photographs = join(data, "cats-dogs-128px.zip");
const otherSource = resolve(options.other ?? join(data, "cats-dogs-fullres.zip"));
const seed = Number(options.seed);

const trainingPictures = 12_000;
const window = 200;
const cleanWindows = 20;
/** Of each shift. */
const shiftedWindows = 5;
/** Of the pictures of the first source, and of those that are drawn. */
const side = 128;
/** Share of cats in each window of the slow change. */
const shares = Array.from({ length: 10 }, (_, at) => 0.5 + (at * 0.4) / 9);

const missing = [photographs, otherSource].filter((path) => !existsSync(path));
const results: BenchmarkResult[] = [];
if (missing.length === 0) results.push(...(await experiment()));
else log(`nothing measured: ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not there`);
printBenchmark({ name: "shift", results }, options.json);

async function experiment(): Promise<readonly BenchmarkResult[]> {
  const scratch = await mkdtemp(join(tmpdir(), "pawprint-shift-"));
  try {
    const pictures = await readPictures(photographs, otherSource, { training: trainingPictures, seed });
    const bundle = resolve(options.bundle ?? join(scratch, "model.onnx"));
    if (!existsSync(bundle)) await trainBundle(pictures, scratch, bundle);
    const { reference } = (await inspectBundle(bundle)).info;
    if (!reference) throw new Error(`${bundle} has no reference`);
    log(
      `reference: ${reference.sample.answers.length} of ${reference.count} pictures of the ${reference.split} split, accuracy ${percent(reference.accuracy)}, calibration error ${reference.expectedCalibrationError.toFixed(3)}`,
    );
    const phases = await phasesOf(pictures);
    const { windows } = await logOf(bundle, phases, scratch, { window, log });
    return resultsOf(windowsByPhase(phases, windows), reference);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function trainBundle(pictures: ExperimentPictures, scratch: string, out: string): Promise<void> {
  const folder = join(scratch, "training");
  await writePictures(folder, pictures.training);
  const { evaluation, pack } = await train({
    data: folder,
    out,
    settings: { size: 64, time: options.time, proportions: [0.75, 0.1, 0.15], seed },
  });
  await pack.pixels.close();
  log(`trained: accuracy ${percent(evaluation.accuracy)} on ${evaluation.count} pictures`);
}

/** What is sent, in this order; whole windows each. */
async function phasesOf({ fresh, other }: ExperimentPictures): Promise<ReadonlyMap<string, readonly Photograph[]>> {
  const clean = fresh.slice(0, cleanWindows * window);
  const some = clean.slice(0, shiftedWindows * window);
  const rest = fresh.slice(clean.length);
  const phases = new Map<string, readonly Photograph[]>([["clean", clean]]);
  const each = (pictures: readonly Photograph[], change: (bytes: Uint8Array) => Promise<Uint8Array>) =>
    Promise.all(pictures.map(async ({ label, bytes }) => ({ label, bytes: await change(bytes) })));
  for (const name of Object.keys(shifts) as (keyof typeof shifts)[]) {
    phases.set(name, await each(some, (bytes) => shifted(bytes, name)));
  }
  phases.set("upscaled from a quarter", await each(some, upscaled));
  phases.set(
    "drawn",
    await Promise.all(
      some.map(async ({ label }, at) => {
        const drawn = sampleLabels.find((one) => one === label) ?? "cat";
        return { label, bytes: await drawSamplePicture({ label: drawn, seed: `${seed}/${at}`, sizePx: side }) };
      }),
    ),
  );
  const elsewhere = other.slice(0, Math.floor(other.length / window) * window).slice(0, some.length);
  phases.set("other source", elsewhere);
  phases.set("other source, squashed", await each(elsewhere, (bytes) => squashed(bytes, side)));
  phases.set("slow change of class shares", ofShares(rest));
  return phases;
}

/** Windows of more and more cats, each picture once. */
function ofShares(pictures: readonly Photograph[]): readonly Photograph[] {
  const left = {
    cat: pictures.filter(({ label }) => label === "cat"),
    other: pictures.filter(({ label }) => label !== "cat"),
  };
  return shares.flatMap((share) => {
    const cats = Math.round(share * window);
    const taken = [...left.cat.splice(0, cats), ...left.other.splice(0, window - cats)];
    if (taken.length < window) throw new Error(`fewer fresh pictures than windows of ${window} need`);
    return taken;
  });
}

function windowsByPhase(
  phases: ReadonlyMap<string, readonly Photograph[]>,
  windows: readonly WindowFigures[],
): ReadonlyMap<string, readonly TestedWindow[]> {
  const left = windows.map((one): TestedWindow => {
    const { drift, labelled } = one;
    if ("notTested" in drift || labelled === undefined) throw new Error("a window without a test or without labels");
    return { ...one, drift, accuracy: labelled.accuracy };
  });
  return new Map([...phases].map(([name, pictures]) => [name, left.splice(0, pictures.length / window)]));
}

interface TestedWindow extends WindowFigures {
  readonly drift: DriftReport;
  /** By labels. */
  readonly accuracy: number;
}

function resultsOf(
  phases: ReadonlyMap<string, readonly TestedWindow[]>,
  reference: ReferenceProfile,
): readonly BenchmarkResult[] {
  const tooSure = reference.meanConfidence - reference.accuracy;
  const rows = [...phases].map(([name, windows]) => {
    const accuracy = mean(windows.map((one) => one.accuracy));
    const estimate = mean(windows.map(({ meanConfidence }) => meanConfidence)) - tooSure;
    const known = windows.filter(({ drift }) => drift.accuracy.isKnown);
    return { name, windows, accuracy, estimate, known, alarms: windows.filter(({ drift }) => drift.hasDrifted) };
  });
  const first = rows.map(({ name, windows, alarms }) => {
    const { kind, tests } = windows[0]!.drift;
    const found = tests.filter(({ hasDrifted }) => hasDrifted).map((test) => test.name);
    return [name, `${alarms.length} of ${windows.length}`, kind, found.join(", ") || "none"];
  });
  process.stdout.write(`${tableOf([["pictures", "windows in alarm", "first window", "its tests"], ...first])}\n`);
  const accuracies = rows.map(({ name, windows, accuracy, estimate, known }) => [
    name,
    percent(accuracy),
    percent(estimate),
    `${windows.length - known.length} of ${windows.length}`,
    known.length === 0 ? "none" : `${(100 * mean(known.map(errorOf))).toFixed(1)} points`,
  ]);
  const heads = ["pictures", "accuracy", "mean confidence, corrected", "estimate withheld", "mean error of the others"];
  process.stdout.write(`${tableOf([heads, ...accuracies])}\n`);
  const slow = phases.get("slow change of class shares")!.map(({ drift, accuracy }, at) => {
    return [percent(shares[at]!), percent(accuracy), drift.kind, drift.summary];
  });
  process.stdout.write(`${tableOf([["share of cats", "accuracy", "kind", "in words"], ...slow])}\n`);
  return rows.flatMap(({ name, windows, alarms, accuracy, estimate }): readonly BenchmarkResult[] => [
    {
      case: `${name}: windows in alarm`,
      value: alarms.length,
      unit: "windows",
      peer: "windows sent",
      peerValue: windows.length,
      ratio: null,
      target: name === "clean" ? 1 : null,
    },
    {
      case: `${name}: estimate of accuracy`,
      value: 100 * estimate,
      unit: "%",
      peer: "by labels",
      peerValue: 100 * accuracy,
      ratio: null,
      target: null,
    },
  ]);
}

/** Of the estimate that is shown. */
function errorOf({ drift, accuracy }: TestedWindow): number {
  return drift.accuracy.isKnown ? Math.abs(drift.accuracy.accuracy - accuracy) : Number.NaN;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
