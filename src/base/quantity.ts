/** Durations, sizes and rates as people read them. */

/** `340 ms`, `12.3 s`, `1 m 20 s`, `2 h 05 m`; a negative or unknown duration is a dash. */
export function formatDuration(durationMs: number): string {
  if (!Number.isFinite(durationMs) || durationMs < 0) return "-";
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`;
  if (durationMs < 59_950) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${twoDigits(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} m`;
}

const sizeUnits = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** `512 B`, `3.4 MB`: decimal units (1 kB = 1000 B), as disks and networks are sold. */
export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  // 999.95 would be rounded to "1000.0".
  while (value >= 999.95 && unit < sizeUnits.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${sizeUnits[unit]}`;
}

/** An amount in its unit: `3.4 MB` for the unit "B", else `12345 images`, `1 image`. */
export function formatAmount(amount: number, unit: string): string {
  if (unit === "B") return formatBytes(amount);
  return counted(Math.round(amount), unit.replace(/(?<=.)s$/, ""), unit);
}

/** `1 picture`, `2 pictures`; of a noun with another plural `2 classes`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** `640 images/s`, `0.25 epochs/s`, `3.4 MB/s`: three digits that count. */
export function formatRate(perSecond: number, unit: string): string {
  if (unit === "B") return `${formatBytes(perSecond)}/s`;
  const digits = perSecond >= 100 ? 0 : perSecond >= 10 ? 1 : 2;
  return `${perSecond.toFixed(digits)} ${unit}/s`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
