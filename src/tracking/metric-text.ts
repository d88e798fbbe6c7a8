/** Values of metrics as people read them. */

/** Four decimals, or five digits that count; very small and large ones as a power of ten. */
export function metricText(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return String(value);
  if (!Number.isFinite(value)) return String(value);
  if (size >= 1e9 || size < 1e-4) return value.toExponential(2);
  if (size < 0.001) return String(Number(value.toPrecision(3)));
  return size < 1 ? value.toFixed(4) : size < 10_000 ? value.toPrecision(5) : value.toFixed(1);
}
