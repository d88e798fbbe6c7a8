/** The thread in which a service's windows of answers are tested for drift, at the least priority. */
import { constants, setPriority } from "node:os";
import { answerThread } from "../base/threads/answer-thread.ts";
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import type { LoggedPrediction } from "../prediction-log/prediction-log.ts";
import { type DriftReport, detectDrift } from "./detect-drift.ts";
import { calibrateDrift, type DriftCalibration, type Observation } from "./drift-tests.ts";
import { observationOf } from "./observe-row.ts";

/** A window of one model's answers, all of them with labels that it has. */
export interface DriftQuestion {
  readonly labels: readonly string[];
  /** Given where the window is of another model than the one before it. */
  readonly reference?: ReferenceProfile;
  readonly rows: readonly LoggedPrediction[];
}

// Elsewhere than on Linux it would be the priority of the process.
if (process.platform === "linux") setPriority(constants.priority.PRIORITY_LOW);

let reference: ReferenceProfile; // the first question has one
let calibration: DriftCalibration | undefined;

answerThread<DriftQuestion, DriftReport>(async (question) => {
  if (question.reference) {
    reference = question.reference;
    calibration = undefined;
  }
  const window = question.rows.map((row) => observationOf(row, question.labels)!) satisfies readonly Observation[];
  if (calibration?.windowSize !== window.length) calibration = calibrateDrift(reference, window.length);
  return { answer: detectDrift(reference, window, { calibration, labels: question.labels }) };
});
