/**
 * The chart of a sweep: an axis for each setting that was searched, and a line through them for
 * each trial.
 */
import type { TopLevelSpec } from "vega-lite";
import { visibleText } from "../../base/visible-text.ts";
import { chartFontPx } from "../charts/chart.ts";
import { rimmedText, widestPx } from "../charts/spec-parts.ts";
import { theme } from "../charts/theme.ts";
import { countOf } from "../page/elements.ts";

export interface SweepChartTrial {
  readonly trial: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly validationAccuracy: number;
}

const axisGapPx = 120;
const heightPx = 260;

interface Axis {
  readonly name: string;
  /** The text of each value, and its place from 0 (bottom) to 1. */
  readonly placeOf: ReadonlyMap<string, number>;
}

/**
 * Parallel coordinates; the last axis is the accuracy, and better trials are drawn stronger.
 * `searched` are the settings, in the order of their axes.
 */
export function sweepChart(trials: readonly SweepChartTrial[], searched: readonly string[]): TopLevelSpec {
  const accuracyAxis = "accuracy";
  const settingOf = ({ settings, validationAccuracy }: SweepChartTrial, name: string): unknown =>
    name === accuracyAxis ? validationAccuracy : settings[name];
  const axes = [...searched, accuracyAxis].map((name) =>
    axisOf(
      name,
      trials.map((trial) => settingOf(trial, name)),
    ),
  );
  const ordered = trials.toSorted((a, b) => a.validationAccuracy - b.validationAccuracy);
  const lines = ordered.flatMap((trial, rank) =>
    axes.map(({ name, placeOf }) => ({
      trial: trial.trial,
      axis: name,
      place: placeOf.get(textOf(name, settingOf(trial, name))) ?? 0,
      strength: ordered.length < 2 ? 1 : rank / (ordered.length - 1),
    })),
  );
  const marks = axes.flatMap(({ name, placeOf }) =>
    labelledOf([...placeOf]).map(([text, place]) => ({ axis: name, text: visibleText(text), place })),
  );
  const x = {
    field: "axis",
    type: "nominal",
    sort: axes.map(({ name }) => name),
    scale: { type: "point", padding: 0.6 },
    axis: { title: null, labelAngle: 0, domain: false, ticks: false, grid: true, labelPadding: 10 },
  } as const;
  const y = { field: "place", type: "quantitative", scale: { domain: [-0.02, 1.02] as number[] }, axis: null } as const;
  const best = ordered.at(-1);
  const title = `Accuracy of ${countOf(trials.length, "trial")} by their settings`;
  const finding =
    best === undefined
      ? "no trial"
      : `trial ${best.trial} is the best: ${textOf(accuracyAxis, best.validationAccuracy)}`;
  return {
    description: `${title} (${searched.join(", ")}); ${finding}.`,
    title: { text: title, subtitle: finding },
    width: Math.max(2, axes.length) * Math.max(axisGapPx, widestPx(axes.map(({ name }) => name)) + 16),
    height: heightPx,
    layer: [
      {
        data: { values: lines },
        mark: { type: "line", interpolate: "monotone" },
        encoding: {
          x,
          y,
          detail: { field: "trial", type: "nominal" },
          color: {
            field: "strength",
            type: "quantitative",
            legend: null,
            scale: { domain: [0, 1], range: [theme.light.line, theme.light.series[0]!] },
          },
          strokeWidth: {
            field: "strength",
            type: "quantitative",
            legend: null,
            scale: { domain: [0, 1], range: [1, 3] },
          },
        },
      },
      ...rimmedText(
        { dx: 6, align: "left" as const, fontSize: chartFontPx - 2 },
        { data: { values: marks }, encoding: { x, y, text: { field: "text", type: "nominal" as const } } },
      ),
    ],
  };
}

/**
 * Numbers lie by their size (by their logarithm where they span more than a factor of 20), other
 * values in their order of appearance.
 */
function axisOf(name: string, values: readonly unknown[]): Axis {
  const texts = [...new Map(values.map((value) => [textOf(name, value), value]))];
  const numbers = texts.map(([, value]) => value).filter((value) => typeof value === "number");
  if (numbers.length < texts.length || numbers.length === 0) {
    return {
      name,
      placeOf: new Map(texts.map(([text], at) => [text, texts.length < 2 ? 0.5 : at / (texts.length - 1)])),
    };
  }
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const isWide = low > 0 && high / low > 20;
  const scale = (value: number): number => (isWide ? Math.log(value) : value);
  const span = scale(high) - scale(low);
  return {
    name,
    placeOf: new Map(
      texts.map(([text, value]) => [text, span === 0 ? 0.5 : (scale(Number(value)) - scale(low)) / span]),
    ),
  };
}

/** Labels that do not touch each other: the ends, and what lies far enough between them. */
function labelledOf(places: readonly (readonly [string, number])[]): readonly (readonly [string, number])[] {
  const kept: (readonly [string, number])[] = [];
  const least = (chartFontPx * 1.2) / heightPx;
  for (const one of places.toSorted((a, b) => endsFirst(a[1]) - endsFirst(b[1]))) {
    if (kept.every(([, place]) => Math.abs(place - one[1]) >= least)) kept.push(one);
  }
  return kept;
}

function endsFirst(place: number): number {
  return Math.min(place, 1 - place);
}

function textOf(name: string, value: unknown): string {
  if (name === "accuracy" && typeof value === "number") return `${(100 * value).toFixed(2)} %`;
  return typeof value === "string" ? value : JSON.stringify(value);
}
