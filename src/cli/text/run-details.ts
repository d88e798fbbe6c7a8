/** All of one run as text. */
import { counted, formatBytes } from "../../base/quantity.ts";
import { visibleText } from "../../base/visible-text.ts";
import { profileRows, sourceAddress } from "../../tracking/dataset-profile.ts";
import { metricText } from "../../tracking/metric-text.ts";
import type { RunDetails, RunMetric } from "../../tracking/read-run.ts";
import type { CommandContext } from "../frame/command.ts";
import { rightColumn } from "../frame/console.ts";
import { type FittedColumn, fittedTable } from "../frame/fitted-table.ts";
import { dateText, durationText, jsonPoint, jsonRun, startedText, statusText, timeText } from "./run-values.ts";
import { sparkline } from "./sparkline.ts";

type Terminal = Pick<CommandContext, "style" | "width" | "now">;
type Pair = readonly [name: string, value: string | undefined];

const reasonPrefix = "pawprint.reason.";
const sparkWidth = 24;
const shownArtifacts = 30;

/** Sections under titles; those that have nothing are left out. */
export function runDetailsText(details: RunDetails, terminal: Terminal): string {
  const { style } = terminal;
  const sections: readonly (readonly [title: string, text: string])[] = [
    ["Settings", settingsText(details, terminal)],
    ["Metrics", metricsText(details.metrics, terminal)],
    ["Data", dataText(details, terminal)],
    [
      "Code",
      pairsText(
        taggedPairs(details, (key) => isOfCode(key)),
        terminal,
      ),
    ],
    ["Models", modelsText(details, terminal)],
    ["Environment", pairsText(taggedPairs(details, isOfEnvironment), terminal)],
    ["Tags", pairsText(taggedPairs(details, isPlainTag), terminal)],
    ["Artifacts", artifactsText(details, terminal)],
  ];
  return [
    headText(details, terminal),
    ...sections.filter(([, text]) => text !== "").map(([title, text]) => `${style.bold(title)}\n${text}`),
  ].join("\n\n");
}

function headText({ run, experiment }: RunDetails, terminal: Terminal): string {
  const { style, now } = terminal;
  const nowMs = now();
  const pairs: readonly Pair[] = [
    ["run", run.id],
    ["experiment", experiment ?? run.experimentId],
    ["started", `${timeText(run.startedMs)} (${startedText(run.startedMs, nowMs)})`],
    [run.endedMs === undefined ? "so far" : "took", durationText(run, nowMs)],
    ["user", run.user],
    ["part of", run.tags.get("mlflow.parentRunId")],
    ["note", run.tags.get("mlflow.note.content")],
    ["place", run.artifactUri],
  ];
  return `${style.bold(visibleText(run.name))}  ${statusText(run, style)}\n${pairsText(pairs, terminal)}`;
}

function settingsText({ run }: RunDetails, { width, style }: Terminal): string {
  const keys = [...run.params.keys()].sort();
  if (keys.length === 0) return "";
  const reasons = keys.map((key) => run.tags.get(`${reasonPrefix}${key}`) ?? "");
  return fittedTable(
    [
      { title: "SETTING", cells: keys, least: 12 },
      { title: "VALUE", cells: keys.map((key) => run.params.get(key)!), least: 16, cut: "middle" },
      ...(reasons.some((reason) => reason !== "") ? [{ title: "WHY", cells: reasons, least: 20, dropped: 1 }] : []),
    ],
    width,
  ).text.replace(/^.*$/m, (head) => style.dim(head));
}

function metricsText(metrics: readonly RunMetric[], { width, style }: Terminal): string {
  if (metrics.length === 0) return "";
  const isSeries = metrics.some(({ points }) => points.length > 1);
  const bestOf = (text: (best: NonNullable<RunMetric["best"]>) => string) =>
    metrics.map(({ best, points }) => (best === undefined || points.length < 2 ? "" : text(best)));
  const columns: readonly FittedColumn[] = [
    { title: "METRIC", cells: metrics.map(({ key }) => key), least: 16 },
    { ...rightColumn("LAST"), cells: metrics.map(({ last }) => metricText(last.value)) },
    { ...rightColumn("STEP"), cells: metrics.map(({ last }) => String(last.step)), dropped: 2 },
    ...(isSeries
      ? ([
          { ...rightColumn("BEST"), cells: bestOf(({ value }) => metricText(value)) },
          { ...rightColumn("STEP"), cells: bestOf(({ step }) => String(step)), dropped: 2 },
          { title: "CURVE", cells: metrics.map(curveText), dropped: 1 },
        ] as const)
      : []),
  ];
  return fittedTable(columns, width).text.replace(/^.*$/m, (head) => style.dim(head));
}

function curveText({ points }: RunMetric): string {
  return points.length < 2
    ? ""
    : sparkline(
        points.map(({ value }) => value),
        sparkWidth,
      );
}

function dataText({ run }: RunDetails, terminal: Terminal): string {
  return pairsText(
    run.inputs.map(({ name, digest, source, profile, tags }) => [
      tags.get("mlflow.data.context") ?? "data",
      [name, rowsText(profile), `hash ${digest.slice(0, 12)}`, sourceAddress(source)].filter(Boolean).join(", "),
    ]),
    terminal,
  );
}

function rowsText(profile: string | undefined): string {
  const rows = profileRows(profile);
  return rows === undefined ? "" : counted(rows, "row");
}

function modelsText({ models }: RunDetails, terminal: Terminal): string {
  return pairsText(
    models.map(({ id, name, status, createdMs }) => [name, `${id}, ${status.toLowerCase()}, ${dateText(createdMs)}`]),
    terminal,
  );
}

function artifactsText({ artifacts, hasMoreArtifacts }: RunDetails, { width, style }: Terminal): string {
  if (artifacts.length === 0) return "";
  const shown = artifacts.slice(0, shownArtifacts);
  const more = artifacts.length - shown.length;
  const { text } = fittedTable(
    [
      { title: "FILE", cells: shown.map(({ path }) => path), least: 20, cut: "middle" },
      {
        ...rightColumn("SIZE"),
        cells: shown.map(({ sizeBytes }) => (sizeBytes === undefined ? "" : formatBytes(sizeBytes))),
      },
    ],
    width,
  );
  const rows = text.slice(text.indexOf("\n") + 1);
  return more === 0 ? rows : `${rows}\n${style.dim(`and ${hasMoreArtifacts ? "more than " : ""}${more} more: --json`)}`;
}

function isOfCode(key: string): boolean {
  return key.startsWith("mlflow.source.") || key.startsWith("pawprint.git_");
}

function isOfEnvironment(key: string): boolean {
  return key.startsWith("pawprint.") && !isOfCode(key) && !/^pawprint\.(reason\.|process$|run_id$)/.test(key);
}

/** Tags that stand in no other section. */
function isPlainTag(key: string): boolean {
  return (
    !key.startsWith("pawprint.") &&
    !isOfCode(key) &&
    !/^mlflow\.(runName|user|parentRunId|note\.content|log-model\.history)$/.test(key)
  );
}

function taggedPairs({ run }: RunDetails, isShown: (key: string) => boolean): readonly Pair[] {
  const keys = [...run.tags.keys()].filter(isShown).sort();
  return keys.map((key) => [key.replace(/^(mlflow\.source\.(git\.)?|pawprint\.)/, ""), run.tags.get(key)]);
}

/** Names beside values that stay in their lines. */
function pairsText(pairs: readonly Pair[], { width }: Terminal): string {
  const rows = pairs.filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== "");
  if (rows.length === 0) return "";
  const { text } = fittedTable(
    [
      { title: "", cells: rows.map(([name]) => name), least: 14 },
      { title: "", cells: rows.map(([, value]) => value), least: 20 },
    ],
    width,
  );
  return text.slice(text.indexOf("\n") + 1);
}

/** The same for programs: with every point. */
export function jsonRunDetails({ run, experiment, metrics, artifacts, hasMoreArtifacts, models }: RunDetails): object {
  return {
    ...jsonRun(run, experiment),
    metrics: metrics.map(({ key, goal, last, best, points }) => ({
      key,
      goal: goal ?? null,
      last: jsonPoint(last),
      best: best === undefined ? null : jsonPoint(best),
      points: points.map(jsonPoint),
    })),
    artifacts,
    hasMoreArtifacts,
    models: models.map(({ tags, params, ...model }) => ({
      ...model,
      tags: Object.fromEntries(tags),
      params: Object.fromEntries(params),
    })),
  };
}
