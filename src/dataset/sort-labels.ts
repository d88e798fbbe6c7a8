/** The order of class names. */

/**
 * Class names in the order of their indices: by number where all are numbers, else by code units.
 */
export function sortLabels(labels: Iterable<string>): string[] {
  const names = [...new Set(labels)].sort((a, b) => (a < b ? -1 : 1));
  const areNumbers = names.every((name) => /^\d+$/.test(name));
  return areNumbers ? names.sort((a, b) => Number(a) - Number(b)) : names;
}
