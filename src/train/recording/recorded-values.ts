/** Settings and their reasons as params and tags, within the lengths that MLflow takes. */
import { longest } from "../../tracking/run-rules.ts";
import type { Choice } from "../plan/choice.ts";

/** Params by key, and a tag with the reason of each. */
export interface RecordedSettings {
  readonly params: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
}

/** What was chosen, with its reason; then what was given beside it. */
export function recordedSettings(
  choices: readonly Choice[],
  given: Readonly<Record<string, unknown>>,
): RecordedSettings {
  const rows = new Map(choices.map(({ key, value, reason }) => [key as string, { value: value as unknown, reason }]));
  for (const [key, value] of Object.entries(given)) {
    if (value !== undefined && !rows.has(key)) rows.set(key, { value, reason: "given" });
  }
  return {
    params: new Map([...rows].map(([key, { value }]) => [key, paramText(value)])),
    tags: new Map(
      [...rows].flatMap(([key, { reason }]) => (reason === "" ? [] : [[`pawprint.reason.${key}`, tagText(reason)]])),
    ),
  };
}

/** A text as it is, other values as JSON; what is longer than a param may be ends with `…`. */
export function paramText(value: unknown): string {
  return within(typeof value === "string" ? value : JSON.stringify(value), longest.param);
}

export function tagText(text: string): string {
  return within(text, longest.tag);
}

function within(text: string, characters: number): string {
  const whole = storable(text);
  return whole.length <= characters ? whole : `${storable(whole.slice(0, characters - 1))}…`;
}

/** Without NUL and halves of characters, which stores refuse. */
function storable(text: string): string {
  return Buffer.from(text.replaceAll("\0", "\\0"), "utf8").toString("utf8");
}
