/** What a difference between two data versions means for labelled pictures. */
import { byCodeUnits } from "../base/by-code-units.ts";
import { AppError } from "../base/errors.ts";
import type { DataDiff, DiffSide, OutputDiff } from "../versioning/workspace/diff.ts";
import { readLayout } from "./sources/folder-layout.ts";

/** The same picture under another label. */
export interface RelabelledPicture {
  readonly old: string;
  readonly new: string;
  readonly from: string;
  readonly to: string;
  readonly md5: string;
}

/** Pictures of one class in one output. */
export interface ClassChange {
  readonly output: string;
  readonly label: string;
  readonly before: number;
  readonly after: number;
}

export interface PictureChanges {
  readonly relabelled: readonly RelabelledPicture[];
  /** Classes whose number of pictures changed or not, of outputs that hold labelled pictures. */
  readonly classes: readonly ClassChange[];
}

/** Labels are told as a source tells them; outputs that are no labelled pictures are left out. */
export function pictureChanges({ outputs, renamed, isChosen }: DataDiff): PictureChanges {
  const relabelled: RelabelledPicture[] = [];
  const classes: ClassChange[] = [];
  const labels = outputs.map((output) => ({
    output,
    before: labelsOf(output, output.before, isChosen),
    after: labelsOf(output, output.after, isChosen),
  }));
  const labelAt = (side: "before" | "after", path: string): string | undefined =>
    labels.map((one) => one[side].get(path)).find((label) => label !== undefined);
  const hashes = new Map(
    outputs.flatMap(({ path, before }) =>
      (before?.files ?? []).map((file) => [`${path}/${file.path}`, file.md5] as [string, string]),
    ),
  );
  for (const { old, new: now } of renamed) {
    const [from, to] = [labelAt("before", old), labelAt("after", now)];
    if (from === undefined || to === undefined || from === to) continue;
    relabelled.push({ old, new: now, from, to, md5: hashes.get(old) ?? "" });
  }
  for (const { output, before, after } of labels) {
    const count = (side: ReadonlyMap<string, string>): ReadonlyMap<string, number> => {
      const counts = new Map<string, number>();
      for (const label of side.values()) counts.set(label, (counts.get(label) ?? 0) + 1);
      return counts;
    };
    const [old, now] = [count(before), count(after)];
    for (const label of [...new Set([...old.keys(), ...now.keys()])].sort(byCodeUnits)) {
      classes.push({ output: output.path, label, before: old.get(label) ?? 0, after: now.get(label) ?? 0 });
    }
  }
  return { relabelled, classes };
}

/** By path from the repository's root. */
function labelsOf(
  { path }: OutputDiff,
  side: DiffSide | undefined,
  isChosen: DataDiff["isChosen"],
): ReadonlyMap<string, string> {
  const files = side?.files ?? [];
  if (side === undefined || !side.md5.endsWith(".dir") || files.length === 0) return new Map();
  try {
    const { labelled } = readLayout(files.map((file) => file.path).sort(byCodeUnits), { where: path });
    const rows = labelled.map(({ path: name, label }) => [`${path}/${name}`, label] as const);
    return new Map(rows.filter(([name]) => isChosen(name)));
  } catch (error) {
    // Of any other folder nothing can be said about labels.
    if (error instanceof AppError) return new Map();
    throw error;
  }
}
