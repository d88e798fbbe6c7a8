/** Metrics and parameters as tables, and in DVC's JSON. */
import { AppError } from "../../base/errors.ts";
import { visibleText } from "../../base/visible-text.ts";
import { leavesOf, plainValueOf, type ValueChange, type ValueTable } from "../../pipeline/metrics.ts";
import { pythonRepr } from "../../pipeline/python-repr.ts";
import type { ParamValue } from "../../versioning/formats/param-value.ts";
import { table } from "../frame/console.ts";

/** Floats of metrics with so many digits behind the point, as DVC shows them. */
export const usualPrecision = 5;

export const precisionOption = {
  name: "precision",
  type: "integer",
  min: 0,
  max: 100,
  default: usualPrecision,
  doc: "digits behind the point",
} as const;

/** Without `precision` as it is; what would be 0 keeps its first digits. */
export function valueText(value: ParamValue | undefined, precision?: number): string {
  if (value === undefined) return "-";
  if (typeof value === "number") return precision === undefined ? String(value) : roundedText(value, precision);
  if (typeof value === "string") return visibleText(value);
  return typeof value === "bigint" ? String(value) : visibleText(JSON.stringify(plainValueOf(value)));
}

function roundedText(value: number, precision: number): string {
  const rounded = Number(value.toFixed(precision));
  return String(rounded === 0 && value !== 0 ? Number(value.toPrecision(Math.max(1, precision))) : rounded);
}

const right = (title: string): { readonly title: string; readonly align: "right" } => ({ title, align: "right" });

export function valuesText(values: ValueTable, precision?: number): string {
  const rows = valueRows(values, precision);
  return rows.length === 0 ? "nothing is recorded" : table(["FILE", "KEY", right("VALUE")], rows);
}

export function valuesMarkdown(values: ValueTable, precision?: number): string {
  return markdown(["File", "Key", "Value"], valueRows(values, precision));
}

function valueRows(values: ValueTable, precision: number | undefined): string[][] {
  return [...values].flatMap(([file, one]) =>
    one instanceof AppError
      ? [[visibleText(file), "not read", one.code]]
      : [...leavesOf(one)].map(([key, value]) => [visibleText(file), visibleText(key), valueText(value, precision)]),
  );
}

/**
 * As `dvc metrics show --json`: `{REVISION: {"data": {FILE: {"data": {...}}}}}`, an empty
 * revision for the work tree; `{"error": {"type", "msg"}}` for a file that cannot be read.
 */
export function valuesJson(values: ValueTable, revision = ""): object {
  const files = [...values].map(([file, one]) => [
    file,
    one instanceof AppError ? { error: { type: one.code, msg: one.message } } : { data: plainValueOf(one) },
  ]);
  return { [revision]: { data: Object.fromEntries(files) } };
}

export function changesText(
  changes: readonly ValueChange[],
  before: string,
  after: string,
  precision?: number,
): string {
  if (changes.length === 0) return `${visibleText(before)} to ${visibleText(after)}: all the same`;
  return table(
    ["FILE", "KEY", right(visibleText(before)), right(visibleText(after)), right("CHANGE")],
    changeRows(changes, precision),
  );
}

function changeRows(changes: readonly ValueChange[], precision: number | undefined): string[][] {
  return changes.map(({ file, key, before, after, difference }) => [
    visibleText(file),
    visibleText(key),
    valueText(before, precision),
    valueText(after, precision),
    // A difference of two floats has digits that neither has.
    difference === undefined ? "-" : `${difference > 0 ? "+" : ""}${valueText(difference, precision ?? 12)}`,
  ]);
}

/** For DVC true is 1 and false is 0. */
function differenceOfFlags(before: ParamValue | undefined, after: ParamValue | undefined): number | undefined {
  const isNumber = (value: ParamValue | undefined): value is boolean | bigint | number =>
    typeof value === "boolean" || typeof value === "bigint" || typeof value === "number";
  return isNumber(before) && isNumber(after) ? Number(after) - Number(before) : undefined;
}

/** As `dvc metrics diff --json`: `{"file": {"key": {"old", "new", "diff"}}}`. */
export function changesJson(changes: readonly ValueChange[]): object {
  const shown = (value: ParamValue = null): unknown => (Array.isArray(value) ? pythonRepr(value) : plainValueOf(value));
  const files: Record<string, Record<string, object>> = Object.create(null) as Record<string, Record<string, object>>; // names of any kind
  for (const { file, key, before, after, difference } of changes) {
    const diff = difference ?? differenceOfFlags(before, after);
    files[file] ??= Object.create(null) as Record<string, object>;
    files[file][key] = {
      old: shown(before),
      new: shown(after),
      ...(diff !== undefined && { diff: plainValueOf(diff) }),
    };
  }
  return files;
}

export function changesMarkdown(
  changes: readonly ValueChange[],
  before: string,
  after: string,
  precision?: number,
): string {
  const titles = ["File", "Key", visibleText(before), visibleText(after), "Change"];
  return markdown(titles, changeRows(changes, precision));
}

function markdown(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(markdownCell).join(" | ")} |`;
  return [line(titles), `|${"---|".repeat(titles.length)}`, ...rows.map(line)].join("\n");
}

function markdownCell(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("|", "\\|");
}
