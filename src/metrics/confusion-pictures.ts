/** Pictures for the cells of a confusion matrix: what was taken for what, to be looked at. */
import type { PictureOutcome } from "./picture-outcomes.ts";

/** Pictures of one class that got one answer. */
export interface ConfusionCell {
  /** Class indices. */
  readonly target: number;
  readonly answer: number;
  /** How many pictures fall into the cell. */
  readonly count: number;
  /** The surest wrong answers first; of right answers the least sure first. */
  readonly pictures: readonly CellPicture[];
}

export interface CellPicture {
  /** Position of the picture in the evaluated set. */
  readonly row: number;
  readonly id: string;
  /** Of the answer. */
  readonly confidence: number;
}

/**
 * What is shown at most: so many cells of wrong answers, the fullest ones, and so many pictures in
 * all of them and in each; right answers only where the classes are few.
 */
const limits = { cells: 60, pictures: 180, perCell: 12, rightClasses: 12, rightPerClass: 6 } as const;

/** Cells with their pictures, the fullest first; those of right answers behind all others. */
export function confusionCells(
  outcomes: readonly PictureOutcome[],
  classes: number,
  ids: readonly string[],
): readonly ConfusionCell[] {
  const rows = new Map<number, CellPicture[]>();
  for (const [row, { target, answer, confidence }] of outcomes.entries()) {
    const key = target * classes + answer;
    const picture = { row, id: ids[row]!, confidence };
    const cell = rows.get(key);
    if (cell === undefined) rows.set(key, [picture]);
    else cell.push(picture);
  }
  const cells = Array.from(rows, ([key, pictures]) => {
    return { target: Math.floor(key / classes), answer: key % classes, pictures };
  });
  const wrong = cells
    .filter(({ target, answer }) => target !== answer)
    .sort((a, b) => b.pictures.length - a.pictures.length || a.target - b.target || a.answer - b.answer)
    .slice(0, limits.cells);
  const right = cells
    .filter(({ target, answer }) => target === answer && classes <= limits.rightClasses)
    .sort((a, b) => a.target - b.target);
  const perCell = Math.min(limits.perCell, Math.floor(limits.pictures / Math.max(1, wrong.length)));
  return [
    ...wrong.map((cell) => cellOf(cell, (a, b) => b.confidence - a.confidence, perCell)),
    ...right.map((cell) => cellOf(cell, (a, b) => a.confidence - b.confidence, limits.rightPerClass)),
  ];
}

function cellOf(
  { target, answer, pictures }: Omit<ConfusionCell, "count">,
  order: (a: CellPicture, b: CellPicture) => number,
  shown: number,
): ConfusionCell {
  const first = pictures.toSorted((a, b) => order(a, b) || a.row - b.row).slice(0, shown);
  return { target, answer, count: pictures.length, pictures: first };
}
