/** Times as people give them: a span before now, or a moment. */
import { AppError } from "../base/errors.ts";

const unitsMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `90s`, `30m`, `12h`, `7d` or `2w` in milliseconds; undefined for another text. */
export function spanMs(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)([smhdw])$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  const ms = Number(number) * unitsMs[unit as keyof typeof unitsMs]; // one of them, by the pattern
  return ms > 0 ? ms : undefined;
}

/** A span before `nowMs`, or a moment by ISO 8601 (UTC without a zone). Errors: CLI_USAGE. */
export function momentOf(text: string, flag: string, nowMs: number): number {
  const span = spanMs(text);
  if (span !== undefined) return nowMs - span;
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text);
  const hasZone = /(Z|[+-]\d{2}:\d{2})$/.test(text.slice(10));
  const moment = isDate ? Date.parse(text.length > 10 && !hasZone ? `${text}Z` : text) : Number.NaN;
  if (!Number.isNaN(moment)) return moment;
  throw new AppError("CLI_USAGE", {
    required: "a span such as 30m, 12h or 7d, or a time such as 2026-11-29 or 2026-11-29T10:00Z",
    received: JSON.stringify(text.slice(0, 60)),
    where: flag,
  });
}
