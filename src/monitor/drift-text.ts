/** Drift in plain words. */
import { percent, rounded } from "./figure-text.ts";

/** What a larger and a smaller value of a column means. */
const words: Readonly<Record<string, readonly [larger: string, smaller: string]>> = {
  brightness: ["brighter", "darker"],
  contrast: ["of more contrast", "of less contrast"],
  sharpness: ["sharper, or noisier", "blurred"],
  saturation: ["more colourful", "less colourful"],
  redGreen: ["shifted to red", "shifted to green"],
  blueYellow: ["shifted to blue", "shifted to yellow"],
  width: ["wider in pixels", "narrower in pixels"],
  height: ["higher in pixels", "lower in pixels"],
  aspect: ["of wider shape", "of taller shape"],
};

/** Such as "pictures are darker (brightness 118.2 before, 61.4 now)". */
export function describeColumn(name: string, before: number, now: number): string {
  const values = `${name} ${rounded(before, 4)} before, ${rounded(now, 4)} now, on average`;
  if (name === "confidence") return `answers are ${now > before ? "surer" : "less sure"} (${values})`;
  const [larger, smaller] = words[name] ?? ["of larger values", "of smaller values"];
  return `pictures are ${now > before ? larger : smaller} (${values})`;
}

/** The class whose share moved furthest: "'dog' is 41.0 % of the answers, 18.5 % before"; by number without labels. */
export function describeClassShares(
  before: readonly number[],
  now: readonly number[],
  labels: readonly string[] = [],
): string {
  const moved = before.map((share, at) => Math.abs(now[at]! - share));
  const at = moved.indexOf(Math.max(...moved));
  const name = labels[at] === undefined ? `class ${at}` : `'${labels[at].slice(0, 60)}'`;
  return `${name} is ${percent(now[at]!)} of the answers, ${percent(before[at]!)} before`;
}
