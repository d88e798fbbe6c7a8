/** The class that a text names: by its label, else by its index. Undefined where there is none. */
export function findClass(labels: readonly string[], text: string): number | undefined {
  const byLabel = labels.indexOf(text);
  if (byLabel !== -1) return byLabel;
  const index = /^\d{1,9}$/.test(text) ? Number(text) : labels.length;
  return index < labels.length ? index : undefined;
}
