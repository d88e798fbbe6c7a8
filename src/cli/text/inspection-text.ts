/** What `data check` found, as people read it. */
import { counted, formatBytes, formatDuration, formatRate } from "../../base/quantity.ts";
import {
  type ClassFacts,
  type Finding,
  findingTable,
  type Inspection,
  type Severity,
} from "../../dataset/inspection/findings/findings.ts";
import { givenSplits } from "../../report/dataset/classes.ts";
import { groupByKind } from "../../report/dataset/findings.ts";
import { bar, rightColumn as right, type Style, table } from "../frame/console.ts";
import { shownName } from "../paths.ts";
import { percent } from "./evaluation-text.ts";

const barWidth = 20;

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
  const rows = groupByKind(findings).map(({ kind, severity, findings: ofKind }) => {
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
export function classTable(classes: readonly ClassFacts[], style: Style): string {
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

function totalsText({ pictures, sizeBytes, classes, findings, durationMs }: Inspection): string {
  const found = Object.entries(countSeverities(findings)).map(([severity, count]) => counted(count, severity));
  return [
    `${counted(pictures, "picture")}, ${formatBytes(sizeBytes)}, ${counted(classes.length, "class", "classes")}: ${found.join(", ")}`,
    `${formatDuration(durationMs)}, ${formatRate((1000 * pictures) / Math.max(1, durationMs), "pictures")}`,
  ].join("\n");
}
