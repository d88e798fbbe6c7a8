/** What 8 bits hold, and how numbers are rounded to them. */
import type { DType } from "./tensor-type.ts";

/** What the element types of 8 bits hold. */
export const quantizedRange = { uint8: [0, 255], int8: [-128, 127] } as const satisfies Partial<
  Record<DType, readonly [low: number, high: number]>
>;

/** 0.5 to 0, 1.5 to 2, -2.5 to -2: as IEEE 754 rounds, and ONNX asks for. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
