/** The settings of the split, as `dataset/` takes them. */
import type { SplitOptions } from "../../dataset/pack/pack.ts";
import type { TrainSettings } from "./train-config.ts";

/** `fold` counts from 1: 2/5 is the second of five. */
export function splitOptionsOf({ proportions, salt, fold }: TrainSettings): SplitOptions {
  const [train, val, test] = proportions ?? [];
  const [index, count] = fold?.split("/").map(Number) ?? [];
  return {
    ...(train !== undefined && val !== undefined && test !== undefined && { proportions: { train, val, test } }),
    ...(salt !== undefined && { salt }),
    ...(index !== undefined && count !== undefined && { fold: { index: index - 1, count } }),
  };
}
