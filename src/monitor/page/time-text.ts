/** Times and spans in reports. */
import { counted } from "../../base/quantity.ts";

/** `2026-11-29 10:15`, of UTC. */
export function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace("T", " ");
}

const unitsMs = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
  ["millisecond", 1],
] as const;

/** `1 day`, `90 minutes`: in the largest unit that it is a multiple of. */
export function spanText(ms: number): string {
  const [name, size] = unitsMs.find(([, length]) => ms % length === 0) ?? ["millisecond", 1];
  return counted(ms / size, name);
}
