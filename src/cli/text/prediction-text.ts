/** Predictions as people read them: a bar for each class. */

import { visibleText } from "../../base/visible-text.ts";
import { reasonOf } from "../../image/picture-error.ts";
import type { FilePrediction } from "../../predict/predict-files.ts";
import type { Prediction } from "../../predict/prediction.ts";
import { mostLikely } from "../../predict/prediction-formats.ts";
import { alignRows, bar, type Style } from "../frame/console.ts";
import { percent } from "./evaluation-text.ts";

const barWidth = 24;

/**
 * The label of a picture and a bar for each of its `top` classes; `note` stands behind the label.
 */
export function predictionText(
  name: string,
  { label, confidence, probabilities }: Prediction,
  style: Style,
  { top = 5, note = "" }: { readonly top?: number; readonly note?: string } = {},
): string {
  const rows = mostLikely(probabilities, top).map(([candidate, probability]) => {
    const drawn = bar(probability, barWidth);
    const isAnswer = candidate === label;
    return [
      `  ${isAnswer ? style.bold(candidate) : candidate}`,
      isAnswer ? style.green(drawn) : style.dim(drawn),
      percent(probability),
    ];
  });
  const head = `${visibleText(name)}  ${style.bold(visibleText(label))} ${percent(confidence)}${note === "" ? "" : `  ${note}`}`;
  return `${head}\n${alignRows(rows, ["left", "left", "right"])}`;
}

/** The same for a file, or why it could not be used. */
export function fileText(row: FilePrediction, style: Style, top?: number): string {
  if (row.error === undefined) return predictionText(row.file, row, style, top === undefined ? {} : { top });
  const { code } = row.error;
  return `${visibleText(row.file)}  ${style.red(visibleText(`${code}: ${reasonOf(row.error)}`))}`;
}
