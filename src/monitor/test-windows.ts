/** Tests of windows as they come to an end, each on a sample of its predictions. */
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import type { PredictionLog } from "../prediction-log/prediction-log.ts";
import { type DriftReport, detectDrift } from "./detect-drift.ts";
import { calibrateDrift, type DriftCalibration, leastWindow } from "./drift-tests.ts";
import { observationOf } from "./observe-row.ts";
import { mostObservations, type WindowCounts, type WindowFigures } from "./window-figures.ts";

/** The version of a model that windows are of. */
export interface TestedModel {
  readonly model: string;
  readonly version: string;
  readonly labels: readonly string[];
  readonly reference: ReferenceProfile | undefined;
  /** Why there is no reference. */
  readonly untested: string;
}

/** Thresholds depend on the number of predictions and take a second to find: few numbers are used. */
const testedSizes = [leastWindow, 30, 50, 75, 100, 150, 200, 300, 500, 700, mostObservations];

interface Waiting {
  readonly of: TestedModel;
  readonly counts: WindowCounts;
  readonly isComplete: boolean;
}

type Test = (looksWithinClasses: boolean) => DriftReport;

export class WindowTests {
  readonly #log: Pick<PredictionLog, "rowsOf">;
  readonly #falseAlarmRate: number;
  readonly #toldApart: number;
  readonly #calibrations = new Map<TestedModel, Map<number, DriftCalibration>>();
  readonly #windows: WindowFigures[] = [];
  #waiting: Waiting[] = [];
  /** The latest windows that differ, by their place among all. */
  readonly #lookedAt: { readonly at: number; readonly test: Test }[] = [];

  constructor(
    log: Pick<PredictionLog, "rowsOf">,
    { falseAlarmRate, toldApart }: { readonly falseAlarmRate: number; readonly toldApart: number },
  ) {
    this.#log = log;
    this.#falseAlarmRate = falseAlarmRate;
    this.#toldApart = toldApart;
  }

  add(of: TestedModel, counts: WindowCounts, isComplete: boolean): void {
    this.#waiting.push({ of, counts, isComplete });
  }

  /** Tests the windows that were added. */
  async run(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { of, counts, isComplete } of waiting) {
      const { model, version } = of;
      const test = await this.#testOf(of, counts);
      const drift = typeof test === "function" ? test(false) : test;
      if (typeof test === "function" && "hasDrifted" in drift && drift.hasDrifted) {
        this.#lookedAt.push({ at: this.#windows.length, test });
        if (this.#lookedAt.length > this.#toldApart) this.#lookedAt.shift();
      }
      this.#windows.push({ model, version, isComplete, ...counts.figures(), drift });
    }
  }

  /** By their end. */
  async results(): Promise<readonly WindowFigures[]> {
    await this.run();
    for (const { at, test } of this.#lookedAt) this.#windows[at] = { ...this.#windows[at]!, drift: test(true) };
    return this.#windows.toSorted((a, b) => a.lastMs - b.lastMs);
  }

  /** The test of a window, or why there is none. */
  async #testOf(of: TestedModel, { sample }: WindowCounts): Promise<Test | { readonly notTested: string }> {
    const { reference, untested, labels } = of;
    if (reference === undefined) return { notTested: untested };
    const size = testedSizes.findLast((one) => one <= sample.length);
    if (size === undefined) return { notTested: `fewer than ${leastWindow} predictions` };
    const rows = await this.#log.rowsOf(sample.slice(0, size).map(({ rowId }) => rowId));
    // Those that are in a sample have a label of the model.
    const observations = rows.flatMap((row) => observationOf(row, labels) ?? []);
    // Retention may have removed some meanwhile.
    if (observations.length < size) return { notTested: "its predictions were removed while they were read" };
    const calibration = this.#calibrationFor(of, reference, size);
    return (looksWithinClasses) => detectDrift(reference, observations, { calibration, looksWithinClasses, labels });
  }

  #calibrationFor(of: TestedModel, reference: ReferenceProfile, size: number): DriftCalibration {
    const ofModel = this.#calibrations.get(of) ?? new Map<number, DriftCalibration>();
    this.#calibrations.set(of, ofModel);
    const calibration = ofModel.get(size) ?? calibrateDrift(reference, size, { falseAlarmRate: this.#falseAlarmRate });
    ofModel.set(size, calibration);
    return calibration;
  }
}
