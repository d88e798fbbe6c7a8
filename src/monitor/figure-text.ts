/** Figures of monitoring as words. */

/** `41.0 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** With three digits that count, unless given. */
export function rounded(value: number, digits = 3): string {
  return String(Number(value.toPrecision(digits)));
}
