/** Finds the known name that a mistyped one was meant to be. */

/**
 * The number of single-character insertions, deletions, replacements and swaps of neighbours that
 * turn `a` into `b`, no part being edited twice (optimal string alignment; Damerau, CACM 7(3),
 * 1964). O(a.length * b.length).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = last[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      let distance = Math.min(replaced, last[column]! + 1, current[column - 1]! + 1);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) distance = Math.min(distance, beforeLast[column - 2]! + 1);
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}

/**
 * The candidate nearest to `name`, upper and lower case taken as the same; the first of equals.
 * Undefined where none is near: one edit is allowed for each three characters, at least one, or the
 * name is a beginning of the candidate.
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  let nearest: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const begins = wanted.length >= 2 && known.startsWith(wanted);
    const distance = begins ? Math.min(allowed, editDistance(wanted, known)) : editDistance(wanted, known);
    if (distance <= allowed && (nearest === undefined || distance < nearest.distance))
      nearest = { candidate, distance };
  }
  return nearest?.candidate;
}

/**
 * A hint for an unknown name: the nearest known one, else the whole list where it is short, else
 * undefined. `prefix` ("--") stands before each name that is shown and takes no part in the
 * comparison.
 */
export function hintForName(name: string, candidates: Iterable<string>, prefix = ""): string | undefined {
  const known = [...candidates];
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `did you mean ${prefix}${nearest}?`;
  if (known.length === 0 || known.length > 12) return undefined;
  return `known: ${known.map((candidate) => `${prefix}${candidate}`).join(", ")}`;
}
