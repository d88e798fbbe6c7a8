/** Tables that fit the terminal: what does not fit is shortened, then left out, and said to be. */
import { counted } from "../../base/quantity.ts";
import { shortenMiddle, shortenText } from "../../base/visible-text.ts";
import { type Column, table, terminalLine, widthOf } from "./console.ts";

export interface FittedColumn extends Column {
  readonly cells: readonly string[];
  /** The width to which cells may be shortened; longer ones hold no colours. Else they stay whole. */
  readonly least?: number;
  /** Where a shortened cell has its ellipsis. Default: the end. */
  readonly cut?: "end" | "middle";
  /** The highest goes first where there is no room; 0 (the default) always stays. */
  readonly dropped?: number;
}

export interface FittedTable {
  readonly text: string;
  /** Titles of the columns that had no room. */
  readonly left: readonly string[];
}

/** A table of at most `width` characters, unless the columns that stay are wider. */
export function fittedTable(columns: readonly FittedColumn[], width: number): FittedTable {
  const kept = columns.map((column) => ({ column, natural: widestOf(column) }));
  const left: string[] = [];
  const leastWidth = (): number =>
    kept.reduce((sum, { column, natural }) => sum + Math.min(natural, column.least ?? natural), 2 * (kept.length - 1));
  while (leastWidth() > width) {
    const rank = Math.max(...kept.map(({ column }) => column.dropped ?? 0));
    if (rank === 0) break;
    const at = kept.findLastIndex(({ column }) => (column.dropped ?? 0) === rank);
    left.unshift(...kept.splice(at, 1).map(({ column }) => column.title));
  }
  let spare = width - leastWidth();
  const fitted = kept.map(({ column, natural }) => {
    const least = Math.min(natural, column.least ?? natural);
    const own = Math.min(natural, least + Math.max(0, spare));
    spare -= own - least;
    const inPlace = (cell: string): string =>
      widthOf(terminalLine(cell)) > own ? shortened(cell, own, column.cut) : cell;
    return { ...column, title: inPlace(column.title), cells: column.cells.map(inPlace) };
  });
  const rows = (columns[0]?.cells ?? []).map((_, row) => fitted.map(({ cells }) => cells[row]!));
  return { text: table(fitted, rows), left };
}

const namedColumns = 6;

/** `left out at this width: val_loss, TIME and 3 more columns`. */
export function noRoomText(left: readonly string[]): string {
  const more = left.length - namedColumns;
  return `left out at this width: ${left.slice(0, namedColumns).map(terminalLine).join(", ")}${more > 0 ? ` and ${counted(more, "more column")}` : ""}`;
}

function shortened(cell: string, width: number, cut: "end" | "middle" = "end"): string {
  const text = terminalLine(cell);
  return cut === "end" ? shortenText(text, width) : shortenMiddle(text, width);
}

function widestOf({ title, cells }: FittedColumn): number {
  return cells.reduce((most, cell) => Math.max(most, widthOf(terminalLine(cell))), widthOf(terminalLine(title)));
}
