/** How much memory the values of a graph take when it runs, from their shapes alone. */
import { AppError } from "../base/errors.ts";
import { type DType, isStatic, sizeOf } from "./tensor-type.ts";
import { type Graph, nodesOf, type Value } from "./value.ts";

const bytesOf: Readonly<Record<DType, number>> = { float32: 4, uint8: 1, int8: 1, int32: 4, int64: 8, bool: 1 };

/**
 * The most bytes that values computed by the nodes take at one time, where nodes run one after the
 * other and each value goes after its last use. Inputs, constants and what a kernel needs for
 * itself are not counted. Errors: INTERNAL for shapes that are not fixed.
 */
export function peakBytes(graph: Graph): number {
  const nodes = nodesOf(Object.values(graph.outputs));
  const lastUse = new Map<Value, number>();
  nodes.forEach((node, at) => {
    for (const value of node.inputs) if (value?.producer.kind === "node") lastUse.set(value, at);
  });
  for (const value of Object.values(graph.outputs)) lastUse.set(value, nodes.length);
  const goneAfter = nodes.map((): Value[] => []);
  for (const [value, at] of lastUse) goneAfter[at]?.push(value);
  let live = 0;
  let peak = 0;
  nodes.forEach((node, at) => {
    for (const value of node.outputs) if (lastUse.has(value)) live += sizeBytes(value);
    peak = Math.max(peak, live);
    for (const value of goneAfter[at]!) live -= sizeBytes(value);
  });
  return peak;
}

function sizeBytes({ type: { dtype, shape } }: Value): number {
  if (dtype !== "unknown" && isStatic(shape)) return sizeOf(shape) * bytesOf[dtype];
  throw new AppError("INTERNAL", { required: "values of fixed shapes", received: shape.join(",") });
}
