/** A curve as one line of characters. */
const levels = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** At most `width` characters; means of neighbours where there are more values. What is no number is a blank. */
export function sparkline(values: readonly number[], width: number): string {
  const count = Math.min(width, values.length);
  const cells = Array.from({ length: count }, (_, at) => {
    const part = values.slice(Math.floor((at * values.length) / count), Math.floor(((at + 1) * values.length) / count));
    const finite = part.filter(Number.isFinite);
    return finite.length === 0 ? Number.NaN : finite.reduce((sum, value) => sum + value / finite.length, 0);
  });
  const finite = cells.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return cells
    .map((value) => {
      if (!Number.isFinite(value)) return " ";
      const height = high === low ? 0.5 : (value / 2 - low / 2) / (high / 2 - low / 2); // halves cannot overflow
      return levels[Math.min(levels.length - 1, Math.floor(height * levels.length))]!;
    })
    .join("");
}
