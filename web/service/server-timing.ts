/** Parses the Server-Timing header. */

/** Milliseconds; undefined for a phase that the header does not name. */
export interface ServerTiming {
  readonly decode?: number;
  readonly queue?: number;
  readonly inference?: number;
  readonly total?: number;
}

const phases = ["decode", "queue", "inference", "total"] as const;

/**
 * Source: https://www.w3.org/TR/server-timing/, of which the service uses `name;dur=milliseconds`.
 */
export function parseServerTiming(header: string | null): ServerTiming {
  const timing: { -readonly [P in keyof ServerTiming]: ServerTiming[P] } = {};
  for (const part of (header ?? "").split(",")) {
    const found = /^\s*([\w-]+)\s*;\s*dur\s*=\s*"?([\d.]+)"?/.exec(part);
    const name = phases.find((phase) => phase === found?.[1]);
    const ms = Number(found?.[2]);
    if (name !== undefined && Number.isFinite(ms)) timing[name] = ms;
  }
  return timing;
}
