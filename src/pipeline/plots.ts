/** Data of plots: of stages and of the section `plots`, now and at Git revisions. */
import { AppError } from "../base/errors.ts";
import { openRevision, openWorkTree } from "../versioning/repo/metadata-tree.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { type Curve, findPlots, type PlotFiles, type PlotSource } from "./plot-files.ts";
import { type PlotRow, plotRows } from "./plot-rows.ts";

export const plotTemplates = ["linear", "simple", "scatter", "bar_horizontal", "confusion"] as const;
export type PlotTemplate = (typeof plotTemplates)[number];

/** One curve or picture of one revision. */
export interface PlotData {
  /** The plot's file, from the repository's root, or its name in the section `plots`. */
  readonly name: string;
  readonly revision: string;
  /** What tells it from the other curves of its plot; empty where it is alone. */
  readonly curve: string;
  readonly template: PlotTemplate;
  readonly title: string;
  readonly x?: string;
  readonly y?: string;
  readonly xTitle?: string;
  readonly yTitle?: string;
  /** Rows of a table. */
  readonly rows: readonly PlotRow[];
  /** A picture instead. */
  readonly image?: Uint8Array;
}

/** A file of a plot that could not be read. */
export interface PlotFailure {
  readonly name: string;
  readonly revision: string;
  readonly error: AppError;
}

export interface PlotReading {
  readonly plots: readonly PlotData[];
  readonly failures: readonly PlotFailure[];
}

/** Errors: GIT_REVISION_UNKNOWN, DATA_FEATURE_UNSUPPORTED for other templates; those of `findPlots`. */
export async function readPlots(repository: Repository, revision?: string): Promise<PlotReading> {
  const tree = revision === undefined ? openWorkTree(repository) : await openRevision(repository, revision);
  const files = await findPlots(repository, tree);
  const plots: PlotData[] = [];
  const failures: PlotFailure[] = [];
  for (const source of files.sources) {
    const facts = factsOf(source, revision ?? "work tree");
    for (const curve of source.curves) {
      try {
        plots.push(await readCurve(files, source, curve, facts));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        failures.push({ name: source.name, revision: facts.revision, error });
      }
    }
  }
  return { plots, failures };
}

type PlotFacts = Pick<PlotData, "name" | "revision" | "template" | "title">;

function factsOf({ name, settings }: PlotSource, revision: string): PlotFacts {
  const given = textIn(settings, "template") ?? "linear";
  const template = plotTemplates.find((known) => known === given);
  if (template === undefined) {
    throw new AppError("DATA_FEATURE_UNSUPPORTED", {
      required: `a plot's template: ${plotTemplates.join(", ")}`,
      received: `'${given.slice(0, 60)}'`,
      where: name,
    });
  }
  return { name, revision, template, title: textIn(settings, "title") ?? name };
}

function textIn(settings: PlotSource["settings"], key: string): string | undefined {
  const value = settings.get(key);
  return typeof value === "string" ? value : undefined;
}

async function readCurve(files: PlotFiles, source: PlotSource, curve: Curve, facts: PlotFacts): Promise<PlotData> {
  const { settings, curves } = source;
  const name = curveName(curve, curves);
  const bytes = await files.read(curve.file);
  if (/\.(png|jpe?g|gif|svg|webp)$/i.test(curve.file)) return { ...facts, curve: name, rows: [], image: bytes };
  const hasHeader = settings.get("header") !== false;
  const x = curve.x;
  const isOwn = x?.file === curve.file;
  const columns = [...(curve.column === undefined ? [] : [curve.column]), ...(x && isOwn ? [x.column] : [])];
  let rows = plotRows(curve.file, bytes, { hasHeader, columns });
  requireColumns(curve.file, rows, columns);
  const y = curve.column ?? Object.keys(rows[0] ?? {}).at(-1);
  if (x && !isOwn) {
    const along = plotRows(x.file, await files.read(x.file), { hasHeader, columns: [x.column] });
    requireColumns(x.file, along, [x.column]);
    rows = rows.map((row, at) => ({ ...row, [x.column]: along[at]?.[x.column] }));
  }
  const isOneColumn = curves.every(({ column }) => column === curve.column);
  const [xTitle, yTitle] = [
    textIn(settings, "x_label") ?? x?.column,
    textIn(settings, "y_label") ?? (isOneColumn ? y : undefined),
  ];
  return {
    ...facts,
    curve: name,
    ...(x !== undefined && { x: x.column }),
    ...(y !== undefined && { y }),
    ...(xTitle !== undefined && { xTitle }),
    ...(yTitle !== undefined && { yTitle }),
    rows,
  };
}

function curveName({ file, column }: Curve, curves: readonly Curve[]): string {
  if (curves.length < 2) return "";
  if (curves.every((other) => other.file === file)) return column ?? file;
  return curves.every((other) => other.column === column) ? file : `${file}: ${column ?? "last column"}`;
}

/** Errors: DATA_FILE_INVALID. */
function requireColumns(where: string, rows: readonly PlotRow[], columns: readonly string[]): void {
  const [first] = rows;
  const missing = first && columns.find((column) => !rows.some((row) => Object.hasOwn(row, column)));
  if (first === undefined || missing === undefined) return;
  throw new AppError("DATA_FILE_INVALID", {
    required: `a column '${missing.slice(0, 60)}'`,
    received: `columns ${Object.keys(first).slice(0, 20).join(", ").slice(0, 200)}`,
    where,
  });
}
