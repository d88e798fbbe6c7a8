/**
 * Reads the profile that ONNX Runtime writes (Chrome trace events) and sums the kernel times by
 * kind of op.
 */

/** The time that all kernels of one kind of op took, over all runs of a program. */
export interface OpTime {
  readonly op: string;
  /** How many times a kernel of this kind ran. */
  readonly calls: number;
  readonly totalMs: number;
}

interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  /** Duration in microseconds. */
  readonly dur?: number;
  readonly args?: { readonly op_name?: string };
}

/** Sums the kernel events of a profile file by op, the slowest first. */
export function summarizeProfile(json: string): readonly OpTime[] {
  const events: readonly TraceEvent[] = JSON.parse(json);
  const totals = new Map<string, { calls: number; totalMs: number }>();
  for (const { cat, name, dur = 0, args } of events) {
    if (cat !== "Node" || !name?.endsWith("_kernel_time") || args?.op_name === undefined) continue;
    const total = totals.get(args.op_name) ?? { calls: 0, totalMs: 0 };
    totals.set(args.op_name, { calls: total.calls + 1, totalMs: total.totalMs + dur / 1000 });
  }
  return [...totals].map(([op, total]) => ({ op, ...total })).toSorted((a, b) => b.totalMs - a.totalMs);
}
