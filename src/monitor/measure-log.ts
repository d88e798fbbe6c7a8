/** What a prediction log says of the models that answered: read once, in memory that does not grow. */
import { throwIfCancelled } from "../base/cancel.ts";
import { AppError } from "../base/errors.ts";
import { type Progress, silentProgress } from "../base/progress.ts";
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import { pictureStatisticsVersion } from "../image/picture-statistics.ts";
import { isWorseTest } from "../metrics/exact-tests.ts";
import type { LabelledPrediction, LoggedModel, LogRange, PredictionLog } from "../prediction-log/prediction-log.ts";
import { isOfThisVersion } from "../prediction-log/statistics-row.ts";
import { type RoleComparison, RoleComparisons } from "./compare-roles.ts";
import { defaultFalseAlarmRate, leastWindow } from "./drift-tests.ts";
import { percent } from "./figure-text.ts";
import { type TestedModel, WindowTests } from "./test-windows.ts";
import { type UnusualPrediction, UnusualPredictions } from "./unusual-predictions.ts";
import { VersionCounts, type VersionFigures } from "./version-figures.ts";
import { WindowCounts, type WindowFigures } from "./window-figures.ts";

/** How predictions are put into windows: so many of a version, or those of so much time. */
export type WindowSize = { readonly count: number } | { readonly ms: number };

export interface MeasureLogOptions {
  readonly range?: LogRange;
  /** Default: a fiftieth of the predictions, 200 at least. */
  readonly window?: WindowSize;
  /** For versions whose bundle has no reference. Its labels must be theirs. */
  readonly reference?: {
    readonly profile: ReferenceProfile;
    readonly labels: readonly string[];
    readonly where: string;
  };
  /** Windows without drift that may raise an alarm, all tests of a window together. Default 0.01. */
  readonly falseAlarmRate?: number;
  /**
   * So many windows that differ, the latest ones, are told apart into other pictures and other class
   * shares, which takes a second or two each. Default 3.
   */
  readonly toldApart?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface MonitorReport {
  /** Without a password. */
  readonly log: string;
  /** Predictions that were answered to somebody; those of challengers are not. */
  readonly count: number;
  readonly labelled: number;
  /** Undefined for an empty range. */
  readonly firstMs?: number;
  readonly lastMs?: number;
  readonly window: WindowSize;
  readonly falseAlarmRate: number;
  readonly versions: readonly VersionFigures[];
  /** By their end; of champions and canaries. */
  readonly windows: readonly WindowFigures[];
  readonly comparisons: readonly RoleComparison[];
  /** Predictions furthest from what their model's reference has. */
  readonly unusual: readonly UnusualPrediction[];
  /** What somebody should look at now. */
  readonly alarms: readonly MonitorAlarm[];
}

export interface MonitorAlarm {
  readonly kind: "drift" | "accuracy" | "comparison";
  readonly model: string;
  readonly version: string;
  /** Of the last prediction behind it. */
  readonly timeMs: number;
  readonly text: string;
}

const fewestInWindow = 200;
const mostWindows = 50;

/**
 * Errors: PREDICTION_LOG_UNAVAILABLE; REFERENCE_MISMATCH for a reference of other labels;
 * CONFIG_INVALID for windows of fewer than 20 predictions; INTERRUPTED.
 */
export async function measureLog(log: PredictionLog, options: MeasureLogOptions = {}): Promise<MonitorReport> {
  const { range = {}, progress = silentProgress, signal, falseAlarmRate = defaultFalseAlarmRate } = options;
  const [total, models] = await Promise.all([log.count(range), log.models()]);
  const window = options.window ?? { count: Math.max(fewestInWindow, Math.ceil(total / mostWindows)) };
  requireWindow(window);
  const measuring = new Measuring(log, models, { ...options, window, falseAlarmRate });
  const handle = progress.start({ label: "read the prediction log", total, unit: "predictions" });
  try {
    for await (const page of log.pages(range, { vectors: false })) {
      await measuring.addPage(page);
      throwIfCancelled(signal);
      handle.advance(page.length);
    }
  } catch (error) {
    handle.fail();
    throw error;
  }
  handle.done();
  return { log: log.location, window, falseAlarmRate, ...(await measuring.results()) };
}

function requireWindow(window: WindowSize): void {
  const isRight = "count" in window ? window.count >= leastWindow : window.ms > 0;
  if (isRight) return;
  throw new AppError("CONFIG_INVALID", {
    required: `windows of at least ${leastWindow} predictions, or of a time above 0`,
    received: "count" in window ? `${window.count} predictions` : `${window.ms} ms`,
    where: "window",
  });
}

type Settings = MeasureLogOptions & { readonly window: WindowSize; readonly falseAlarmRate: number };

/** One version of a model, as far as it was read. */
interface VersionState extends TestedModel {
  readonly places: ReadonlyMap<string, number>;
  readonly roles: Map<string, VersionCounts>;
  /** The window that is being filled. */
  window?: WindowCounts;
}

class Measuring {
  readonly #models: readonly LoggedModel[];
  readonly #settings: Settings;
  readonly #tests: WindowTests;
  readonly #versions = new Map<string, VersionState>();
  readonly #roles = new RoleComparisons();
  readonly #unusual = new UnusualPredictions();
  #count = 0;
  #labelled = 0;
  #firstMs: number | undefined;
  #lastMs: number | undefined;

  constructor(log: Pick<PredictionLog, "rowsOf">, models: readonly LoggedModel[], settings: Settings) {
    this.#models = models;
    this.#settings = settings;
    this.#tests = new WindowTests(log, { falseAlarmRate: settings.falseAlarmRate, toldApart: settings.toldApart ?? 3 });
  }

  async addPage(page: readonly LabelledPrediction[]): Promise<void> {
    for (const row of page) this.#add(row);
    await this.#tests.run();
  }

  #add(row: LabelledPrediction): void {
    const state = this.#stateOf(row);
    const answer = state.places.get(row.label);
    const statistics = row.statistics && isOfThisVersion(row.statistics) ? row.statistics : undefined;
    let counts = state.roles.get(row.role);
    if (counts === undefined) {
      counts = new VersionCounts(row, state.labels, state.reference);
      state.roles.set(row.role, counts);
    }
    counts.add(row, answer, statistics);
    this.#roles.add(row);
    if (row.role === "challenger") return;
    this.#count++;
    this.#labelled += Number(row.trueLabel !== undefined);
    this.#firstMs ??= row.timeMs;
    this.#lastMs = row.timeMs;
    if (statistics && state.reference) this.#unusual.add(row, statistics, state.reference);
    this.#addToWindow(row, state, answer, statistics);
  }

  async results(): Promise<Omit<MonitorReport, "log" | "window" | "falseAlarmRate">> {
    for (const state of this.#versions.values()) if (state.window) this.#tests.add(state, state.window, false);
    const windows = await this.#tests.results();
    const versions = [...this.#versions.values()].flatMap(({ roles }) =>
      [...roles.values()].map((counts) => counts.figures()),
    );
    const comparisons = this.#roles.results();
    return {
      count: this.#count,
      labelled: this.#labelled,
      ...(this.#firstMs !== undefined && { firstMs: this.#firstMs }),
      ...(this.#lastMs !== undefined && { lastMs: this.#lastMs }),
      versions,
      windows,
      comparisons,
      unusual: this.#unusual.list(),
      alarms: alarmsOf(versions, windows, comparisons),
    };
  }

  #stateOf({ model, version }: LabelledPrediction): VersionState {
    const key = `${version}\n${model}`;
    const before = this.#versions.get(key);
    if (before) return before;
    const known = this.#models.find((one) => one.model === model && one.version === version);
    const labels = known?.labels ?? [];
    const places = new Map(labels.map((label, at) => [label, at]));
    const state = { model, version, labels, places, roles: new Map(), ...this.#referenceOf(known, version) };
    this.#versions.set(key, state);
    return state;
  }

  #referenceOf(model: LoggedModel | undefined, version: string): Pick<TestedModel, "reference" | "untested"> {
    const { reference: given } = this.#settings;
    if (model === undefined) return { reference: undefined, untested: `nothing is known of version ${version}` };
    const reference = model.reference ?? given?.profile;
    if (reference === undefined) {
      return {
        reference: undefined,
        untested:
          "the bundle has no reference: make one with pawprint monitor reference MODEL --data SOURCE --out NEW.onnx",
      };
    }
    if (model.reference === undefined && given) requireSameLabels(model, given);
    if (reference.statisticsVersion === pictureStatisticsVersion) return { reference, untested: "" };
    return {
      reference: undefined,
      untested: `the reference has statistics of version ${reference.statisticsVersion}: make it anew with pawprint monitor reference MODEL --data SOURCE --out NEW.onnx`,
    };
  }

  #addToWindow(
    row: LabelledPrediction,
    state: VersionState,
    answer: number | undefined,
    statistics: Float32Array | undefined,
  ): void {
    const { window } = this.#settings;
    if (state.window && "ms" in window && spanOf(row.timeMs, window.ms) !== spanOf(state.window.firstMs, window.ms)) {
      this.#tests.add(state, state.window, true);
      delete state.window;
    }
    state.window ??= new WindowCounts(row, state.labels.length);
    state.window.add(row, answer, statistics);
    if (!("count" in window) || state.window.count < window.count) return;
    this.#tests.add(state, state.window, true);
    delete state.window;
  }
}

/** Windows of time begin at multiples of their length, so that two reports have the same. */
function spanOf(timeMs: number, lengthMs: number): number {
  return Math.floor(timeMs / lengthMs);
}

function requireSameLabels({ labels, version }: LoggedModel, given: NonNullable<Settings["reference"]>): void {
  if (JSON.stringify(labels) === JSON.stringify(given.labels)) return;
  throw new AppError("REFERENCE_MISMATCH", {
    required: `a reference of the labels ${labels.slice(0, 10).join(", ")} of version ${version}`,
    received: given.labels.slice(0, 10).join(", "),
    where: given.where,
    hint: "take the bundle that answered, or one with the same labels",
  });
}

/** An accuracy this unlikely, if it were that of the reference, is an alarm. */
const accuracyLevel = 0.01;

function alarmsOf(
  versions: readonly VersionFigures[],
  windows: readonly WindowFigures[],
  comparisons: readonly RoleComparison[],
): readonly MonitorAlarm[] {
  // What is not complete yet counts where a version has no other.
  const tested = windows.filter(({ drift }) => !("notTested" in drift));
  const latest = new Map(
    [false, true].flatMap((isComplete) =>
      tested
        .filter((window) => window.isComplete === isComplete)
        .map((window) => [`${window.version}\n${window.model}`, window] as const),
    ),
  );
  const drift = [...latest.values()].flatMap(({ model, version, lastMs: timeMs, drift }) =>
    "notTested" in drift || !drift.hasDrifted
      ? []
      : [{ kind: "drift" as const, model, version, timeMs, text: drift.summary }],
  );
  const accuracy = versions.flatMap(({ model, version, role, lastMs: timeMs, labelled, reference }) => {
    if (labelled === undefined || reference === undefined || role === "challenger") return [];
    const before = { right: Math.round(reference.accuracy * reference.count), count: reference.count };
    if (isWorseTest(labelled, before) > accuracyLevel) return [];
    const text = `accuracy ${percent(labelled.accuracy)} by ${labelled.count} labels, ${percent(reference.accuracy)} when it was evaluated`;
    return [{ kind: "accuracy" as const, model, version, timeMs, text }];
  });
  const worse = comparisons.flatMap(({ model, version, role, verdict, champion, other }) => {
    if (verdict !== "worse" || role === "challenger") return [];
    const timeMs = versions.find((one) => one.version === version && one.role === role)?.lastMs ?? 0;
    const text = `the canary is right for ${percent(other.right / other.count)} of its labels, the champion for ${percent(champion.right / champion.count)}`;
    return [{ kind: "comparison" as const, model, version, timeMs, text }];
  });
  return [...drift, ...accuracy, ...worse];
}
