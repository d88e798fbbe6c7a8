/** What a training plan chose, and why, as text. */
import type { Choice } from "../../train/plan/choice.ts";
import { choiceRows } from "../../train/plan/choice-rows.ts";
import { alignRows, type Style } from "../frame/console.ts";

/** A line for each setting: its name, its value, and why. */
export function choicesText(choices: readonly Choice[], style: Style): string {
  return alignRows(choiceRows(choices).map(({ label, text, reason }) => [`  ${label}`, text, style.dim(reason)]));
}
