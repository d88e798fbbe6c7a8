/** What runs have in common and in what they differ: settings, data, tags, metrics and their curves. */
import { byCodeUnits } from "../base/by-code-units.ts";
import { forEachInParallel } from "../image/in-parallel.ts";
import { byTelling, isBetter, isSystemKey, type MetricGoal, metricGoal } from "./metric-keys.ts";
import type { MetricPoint, Run } from "./run.ts";
import type { RunStore } from "./run-store.ts";

/** One text of each run, in the order of the runs; undefined where a run has none. */
export interface ComparedTexts {
  readonly key: string;
  readonly values: readonly (string | undefined)[];
  readonly differs: boolean;
}

export interface ComparedMetric {
  readonly key: string;
  /** Undefined where the key does not tell which values are better. */
  readonly goal: MetricGoal | undefined;
  /** The value of the highest step of each run. */
  readonly last: readonly (number | undefined)[];
  /** The best value of each run and its step; empty without a goal or without histories. */
  readonly best: readonly ({ readonly value: number; readonly step: number } | undefined)[];
  /** Places of the runs whose last value is the best of all; of fewer than two values, none. */
  readonly leaders: readonly number[];
  readonly differs: boolean;
}

/** How one metric went in each run. */
export interface RunCurves {
  readonly key: string;
  readonly goal: MetricGoal | undefined;
  /** By step, in the order of the runs; empty where a run has none. */
  readonly points: readonly (readonly MetricPoint[])[];
}

export interface RunComparison {
  readonly runs: readonly Run[];
  readonly params: readonly ComparedTexts[];
  readonly tags: readonly ComparedTexts[];
  /** The datasets: name and digest, by context. */
  readonly data: readonly ComparedTexts[];
  /** The most telling first. */
  readonly metrics: readonly ComparedMetric[];
  readonly curves: readonly RunCurves[];
}

export interface CompareRunsOptions {
  /** Metrics whose curves are read. Default: the most telling of which a run has several points. */
  readonly metrics?: readonly string[];
  /** Whether metric histories are read, for the best values and the curves. Default true. */
  readonly readsHistories?: boolean;
  readonly signal?: AbortSignal;
}

/** Curves that are chosen where nothing is asked for. */
const usualCurves = 4;
const historiesAtOnce = 8;

/**
 * Reads the runs' metric histories and puts all side by side.
 * Errors: those of the store; INTERRUPTED.
 */
export async function compareRuns(
  store: Pick<RunStore, "metricHistory">,
  runs: readonly Run[],
  { metrics: asked, readsHistories = true, signal }: CompareRunsOptions = {},
): Promise<RunComparison> {
  const keys = byTelling(new Set(runs.flatMap(({ metrics }) => [...metrics.keys()])));
  const judged = keys.filter((key) => metricGoal(key) !== undefined && isOfEpochs(key));
  // Of keys that do not tell what they are, the first ones are drawn.
  const candidates = asked ?? (judged.length > 0 ? judged : keys.filter(isOfEpochs).slice(0, usualCurves));
  const histories = await readHistories(
    store,
    runs,
    readsHistories ? new Set([...candidates, ...judged]) : new Set(),
    signal,
  );
  const curves = candidates.map((key) => ({
    key,
    goal: metricGoal(key),
    points: runs.map(({ id }) => histories.get(key)?.get(id) ?? []),
  }));
  return {
    runs,
    params: comparedTexts(runs.map(({ params }) => params)),
    tags: comparedTexts(runs.map(({ tags }) => new Map([...tags].filter(([key]) => isTelling(key))))),
    data: comparedTexts(runs.map(datasetsOf)),
    metrics: keys.map((key) => comparedMetric(key, runs, histories.get(key))),
    curves: asked === undefined ? curves.filter(({ points }) => points.some(isCurve)).slice(0, usualCurves) : curves,
  };
}

type Histories = ReadonlyMap<string, ReadonlyMap<string, readonly MetricPoint[]>>;

async function readHistories(
  store: Pick<RunStore, "metricHistory">,
  runs: readonly Run[],
  keys: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<Histories> {
  const histories = new Map<string, Map<string, readonly MetricPoint[]>>();
  const wanted = [...keys].flatMap((key) =>
    runs.filter(({ metrics }) => metrics.has(key)).map(({ id }) => ({ key, id })),
  );
  await forEachInParallel(
    wanted,
    async ({ key, id }) => {
      const points = (await store.metricHistory(id, key)).toSorted(byStep);
      const ofKey = histories.get(key) ?? new Map<string, readonly MetricPoint[]>();
      histories.set(key, ofKey.set(id, points));
    },
    { concurrency: historiesAtOnce, signal },
  );
  return histories;
}

function byStep(a: MetricPoint, b: MetricPoint): number {
  return a.step - b.step || a.timestampMs - b.timestampMs;
}

function isCurve(points: readonly MetricPoint[]): boolean {
  return points.length > 1 && points[0]!.step !== points.at(-1)!.step;
}

/** Of the model, and not of every few steps. */
function isOfEpochs(key: string): boolean {
  return !isSystemKey(key) && !key.startsWith("batch/");
}

function comparedMetric(
  key: string,
  runs: readonly Run[],
  histories: ReadonlyMap<string, readonly MetricPoint[]> | undefined,
): ComparedMetric {
  const goal = metricGoal(key);
  const last = runs.map(({ metrics }) => metrics.get(key)?.value);
  const bestOf = ({ id }: Run) => {
    const best = goal && bestPoint(goal, histories?.get(id) ?? []);
    return best && { value: best.value, step: best.step };
  };
  return {
    key,
    goal,
    last,
    best: runs.map(bestOf),
    leaders: goal === undefined ? [] : leadersOf(goal, last),
    differs: new Set(last).size > 1,
  };
}

/** The first of the best points; undefined where there is no number. */
export function bestPoint(goal: MetricGoal, points: readonly MetricPoint[]): MetricPoint | undefined {
  let best: MetricPoint | undefined;
  for (const point of points) {
    if (!Number.isNaN(point.value) && (best === undefined || isBetter(goal, point.value, best.value))) best = point;
  }
  return best;
}

function leadersOf(goal: MetricGoal, values: readonly (number | undefined)[]): readonly number[] {
  const numbers = values.filter((value) => value !== undefined && !Number.isNaN(value));
  if (numbers.length < 2) return [];
  const best = numbers.reduce((a, b) => (isBetter(goal, b!, a!) ? b : a));
  const leaders = values.flatMap((value, at) => (value === best ? [at] : []));
  // Where all are equal, none is better.
  return leaders.length === numbers.length ? [] : leaders;
}

function comparedTexts(maps: readonly ReadonlyMap<string, string>[]): readonly ComparedTexts[] {
  const keys = [...new Set(maps.flatMap((map) => [...map.keys()]))].sort(byCodeUnits);
  return keys.map((key) => {
    const values = maps.map((map) => map.get(key));
    return { key, values, differs: new Set(values).size > 1 };
  });
}

/** Tags that say something of the run, not of how it was recorded. */
function isTelling(key: string): boolean {
  if (key.startsWith("pawprint.")) return !/^pawprint\.(reason\.|process$|run_id$)/.test(key);
  return !/^mlflow\.(runName|parentRunId|log-model\.history|note\.content|source\.(name|type)|user)$/.test(key);
}

function datasetsOf({ inputs }: Run): ReadonlyMap<string, string> {
  return new Map(
    inputs.map(({ name, digest, tags }) => [tags.get("mlflow.data.context") ?? "data", `${name} (${digest})`]),
  );
}
