/** A row of the prediction log as drift detection sees it. */
import type { LoggedPrediction } from "../prediction-log/prediction-log.ts";
import { statisticsFromRow } from "../prediction-log/statistics-row.ts";
import type { Observation } from "./drift-tests.ts";

const noStatistics = { statistics: {} };

/** Undefined where the answer is none of the labels, which are those of the row's model. */
export function observationOf(row: LoggedPrediction, labels: readonly string[]): Observation | undefined {
  const answer = labels.indexOf(row.label);
  if (answer < 0) return undefined;
  const { statistics } = row.statistics === undefined ? noStatistics : statisticsFromRow(row.statistics);
  return {
    answer,
    confidence: row.confidence,
    ...(row.probabilities.length === labels.length && { probabilities: row.probabilities }),
    ...(row.embedding && { embedding: row.embedding }),
    statistics,
  };
}
