/** Schemas of the options that several architectures share. */
import { Type } from "typebox";

/** Filters of one layer. */
export const width = { minimum: 1, maximum: 4096 } as const;

export const widths = (description: string) =>
  Type.Array(Type.Integer(width), { minItems: 1, default: [32, 64, 128], description });

export const dropoutRate = Type.Number({
  minimum: 0,
  maximum: 0.95,
  default: 0,
  description: "share of features set to zero before the dense layer",
});

export const stemStride = (maximum: number, description: string) =>
  Type.Integer({ minimum: 1, maximum, default: 1, description });
