/** Inspections, statistics and quarantines as people read them. */
import { formatBytes, formatDuration, formatRate } from "../../base/quantity.ts";
import {
  type ClassFacts,
  type Finding,
  type FindingKind,
  findingTable,
  type Inspection,
  type Severity,
} from "../../dataset/inspection/findings/findings.ts";
import type { QuarantineReport } from "../../dataset/inspection/quarantine/quarantine.ts";
import type { RestoreReport } from "../../dataset/inspection/quarantine/restore-quarantine.ts";
import type { DatasetStatistics } from "../../dataset/inspection/statistics.ts";
import { type Split, splits } from "../../dataset/sources/source.ts";
import { alignRows, bar, type Style, table } from "../frame/console.ts";
import { percent } from "./evaluation-text.ts";

const barWidth = 20;
const shownRefusals = 10;
const right = (title: string) => ({ title, align: "right" as const });

/** A name as it is, or as a JSON text where it holds blanks, line breaks or quotes. */
export function shownName(name: string): string {
  return /^[^\s"'\\\p{C}]+$/u.test(name) ? name : JSON.stringify(name);
}

/** `1 picture`, `2 pictures`. */
function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** How many findings there are of each severity. */
export function countSeverities(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const counts = { error: 0, warning: 0, note: 0 };
  for (const { kind } of findings) counts[findingTable[kind].severity]++;
  return counts;
}

/** Everything that `data check` found: a row for each kind, the classes, the totals. */
export function inspectionText(inspection: Inspection, style: Style): string {
  const { findings, classes } = inspection;
  return [
    findings.length === 0 ? style.green("No fault was found.") : findingsTable(findings, style),
    "",
    classTable(classes, style),
    "",
    totalsText(inspection),
  ].join("\n");
}

function findingsTable(findings: readonly Finding[], style: Style): string {
  const paint: Readonly<Record<Severity, (text: string) => string>> = {
    error: style.red,
    warning: style.yellow,
    note: style.dim,
  };
  const rows = kindsOf(findings).map((kind) => {
    const ofKind = findings.filter((finding) => finding.kind === kind);
    const { severity } = findingTable[kind];
    const pictures = new Set(ofKind.flatMap(({ ids }) => ids)).size;
    return [
      paint[severity](severity),
      style.bold(kind),
      `${ofKind.length}`,
      pictures === 0 ? "" : `${pictures}`,
      style.dim(exampleOf(ofKind[0]!)), // the kind comes from a finding
    ];
  });
  return table(["SEVERITY", "KIND", right("FOUND"), right("PICTURES"), "THE FIRST"], rows);
}

/** Kinds that occur, in the table's order, which is the findings' own. */
function kindsOf(findings: readonly Finding[]): readonly FindingKind[] {
  return [...new Set(findings.map(({ kind }) => kind))];
}

/** Long names and details are cut, so that a row stays a row. */
function exampleOf({ ids, detail }: Finding): string {
  const [first, second] = ids.map((id) => cut(shownName(id), 60));
  const more = ids.length > 2 ? ` and ${ids.length - 2} more` : "";
  const names = second === undefined ? first : `${first}, ${second}${more}`;
  const shownDetail = cut(detail.replace(/\s+/g, " "), 100);
  return names === undefined ? shownDetail : `${names}: ${shownDetail}`;
}

function cut(text: string, length: number): string {
  const characters = [...text];
  return characters.length > length ? `${characters.slice(0, length - 3).join("")}...` : text;
}

/** A row for each class; a column for each split where the source gives any. */
function classTable(classes: readonly ClassFacts[], style: Style): string {
  const given = givenSplits(classes);
  const total = classes.reduce((sum, { pictures }) => sum + pictures, 0);
  const largest = Math.max(...classes.map(({ pictures }) => pictures));
  const rows = classes.map(({ label, pictures, bySplit }) => [
    style.bold(shownName(label)),
    `${pictures}`,
    ...given.map((split) => `${bySplit[split] ?? 0}`),
    percent(pictures / total, 1),
    style.green(bar(pictures / largest, barWidth)),
  ]);
  return table(
    ["CLASS", right("PICTURES"), ...given.map((split) => right(split.toUpperCase())), right("SHARE"), ""],
    rows,
  );
}

function givenSplits(classes: readonly ClassFacts[]): readonly (Split | "none")[] {
  const found = [...splits, "none" as const].filter((split) => classes.some(({ bySplit }) => bySplit[split]));
  return found.length === 1 && found[0] === "none" ? [] : found;
}

function totalsText({ pictures, sizeBytes, classes, findings, durationMs }: Inspection): string {
  const found = Object.entries(countSeverities(findings)).map(([severity, count]) => counted(count, severity));
  return [
    `${counted(pictures, "picture")}, ${formatBytes(sizeBytes)}, ${classes.length} classes: ${found.join(", ")}`,
    `${formatDuration(durationMs)}, ${formatRate((1000 * pictures) / Math.max(1, durationMs), "pictures")}`,
  ].join("\n");
}

/** What `--fix` did, and how to undo it; `command` is the line that does. */
export function quarantineText(
  { moved, left }: QuarantineReport,
  where: { readonly folder: string; readonly command: string } | undefined,
  style: Style,
): string {
  const stay = left.length > 0 ? [`Left where they are: ${left.length}`, ...refusalLines(left)] : [];
  if (where === undefined) return ["Nothing to move.", ...stay].join("\n");
  return [
    `${style.bold("Moved")}  ${counted(moved.length, "picture")} to ${shownName(where.folder)}; its log.jsonl names each, and why`,
    ...stay,
    `${style.bold("Undo")}   ${style.cyan(where.command)}`,
  ].join("\n");
}

/** What `data restore` did. */
export function restoreText({ restored, alreadyThere, refused }: RestoreReport, source: string, style: Style): string {
  const there = alreadyThere > 0 ? `; ${alreadyThere} stood there already` : "";
  return [
    `${style.bold("Restored")}  ${counted(restored, "picture")} to ${shownName(source)}${there}`,
    ...(refused.length > 0 ? [`Not put back: ${refused.length}`, ...refusalLines(refused)] : []),
  ].join("\n");
}

function refusalLines(refused: readonly { readonly id: string; readonly reason: string }[]): string[] {
  const lines = refused.slice(0, shownRefusals).map(({ id, reason }) => `  ${shownName(id)}: ${reason}`);
  const more = refused.length - lines.length;
  return more > 0 ? [...lines, `  and ${more} more`] : lines;
}

/** Every figure of `data stats`, in several tables. */
export function statisticsText(statistics: DatasetStatistics, style: Style): string {
  const { pictures, unreadable, sizeBytes, classes, formats, modes, sizes } = statistics;
  const broken = unreadable > 0 ? `; ${unreadable} cannot be decoded ('pawprint data check' says why)` : "";
  const rows =
    sizes === undefined
      ? []
      : [
          ["width", ...spreadCells(sizes.width, String)],
          ["height", ...spreadCells(sizes.height, String)],
          ["bytes", ...spreadCells(sizes.bytes, formatBytes)],
        ];
  return [
    `${pictures} pictures, ${formatBytes(sizeBytes)}, ${classes.length} classes${broken}`,
    "",
    classTable(classes, style),
    "",
    lookTable(classes, style),
    "",
    ...(rows.length > 0 ? [table(["SIZE", right("MIN"), right("MEDIAN"), right("MAX")], rows), ""] : []),
    countsText("FORMAT", formats, style),
    "",
    countsText("MODE", modes, style),
  ].join("\n");
}

function spreadCells(
  { min, median, max }: { readonly min: number; readonly median: number; readonly max: number },
  format: (value: number) => string,
): string[] {
  return [min, median, max].map(format);
}

/**
 * Means of luma, of its deviation and of the difference between channels, each with a bar over its
 * whole range.
 */
function lookTable(classes: DatasetStatistics["classes"], style: Style): string {
  const cells = (value: number, range: number): string[] => [
    value.toFixed(1),
    style.green(bar(value / range, barWidth / 2)),
  ];
  const rows = classes.map((row) => [
    style.bold(shownName(row.label)),
    ...cells(row.brightnessMean, 255),
    ...cells(row.contrastMean, 127.5),
    ...cells(row.colourfulnessMean, 255),
    `rgb(${row.meanColour.map((level) => Math.round(level)).join(", ")})`,
  ]);
  return table(
    ["CLASS", right("BRIGHTNESS"), "", right("CONTRAST"), "", right("COLOURFULNESS"), "", "MEAN COLOUR"],
    rows,
  );
}

function countsText(title: string, counts: Readonly<Record<string, number>>, style: Style): string {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const rows = Object.entries(counts).map(([name, count]) => [
    name,
    `${count}`,
    percent(count / total, 1),
    style.green(bar(count / total, barWidth)),
  ]);
  return alignRows([[title, "PICTURES", "SHARE"], ...rows], ["left", "right", "right"]);
}
