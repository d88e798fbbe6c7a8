/** What commands for backbones print. */
import { type BackboneInput, normalizationPresets } from "../../nn/backbones/input-recipe.ts";

/** A large number in three digits: `3.5 M`, `300 M`, `470 k`. */
export function formatCount(count: number): string {
  for (const [unit, size] of [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const) {
    if (count >= size * 0.9995) {
      const value = count / size;
      return `${value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)} ${unit}`;
    }
  }
  return String(count);
}

/** A recipe on one line: `224 x 224 RGB, nchw, cover, (x - mean) / std with mean 0.485 0.456 0.406, std 0.229 0.224 0.225`. */
export function inputText({ width, height, channels, order, layout, fit, mean, std }: BackboneInput): string {
  const colours = channels === 1 ? "grey" : order.toUpperCase();
  const preset = Object.entries(normalizationPresets).find(([, known]) => {
    return [...mean, ...std].join() === [...known.mean.slice(0, channels), ...known.std.slice(0, channels)].join();
  });
  const numbers = (values: readonly number[]): string => values.map((value) => Number(value.toFixed(4))).join(" ");
  const how = preset?.[0] ?? `mean ${numbers(mean)}, std ${numbers(std)}`;
  return `${width} x ${height} ${colours}, ${layout}, ${fit}, ${how}`;
}
