/** Which points a store lacks: points are compared by what they say, not by their order. */
import type { MetricPoint } from "../run.ts";

/** The points of `here` that are not `there`, each once, in their order. */
export function missingPoints(here: readonly MetricPoint[], there: readonly MetricPoint[]): readonly MetricPoint[] {
  const known = new Set(there.map(identityOf));
  return here.filter((point) => {
    const identity = identityOf(point);
    if (known.has(identity)) return false;
    known.add(identity);
    return true;
  });
}

function identityOf({ key, value, timestampMs, step }: MetricPoint): string {
  return `${step} ${timestampMs} ${storedValue(value)} ${key}`;
}

/** SQL keeps infinities as the largest numbers, and may lose the sign of zero. */
function storedValue(value: number): number {
  if (value === 0) return 0;
  return Number.isNaN(value) ? value : Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}
