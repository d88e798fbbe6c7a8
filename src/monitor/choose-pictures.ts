/** Which kept pictures are worth a look, or a training: chosen by what the prediction log says of them. */

import { throwIfCancelled } from "../base/cancel.ts";
import { type Progress, silentProgress } from "../base/progress.ts";
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import { pictureStatisticsVersion } from "../image/picture-statistics.ts";
import type { KeptPictures } from "../prediction-log/kept-pictures.ts";
import { keysOfPicture } from "../prediction-log/picture-key.ts";
import type { LabelledPrediction, LoggedModel, LogRange, PredictionLog } from "../prediction-log/prediction-log.ts";
import { isOfThisVersion } from "../prediction-log/statistics-row.ts";
import { furthestStatistic } from "./reference-distance.ts";

/**
 * `labelled`: somebody said what they are; `wrong`: and it is not what was answered; `uncertain`: not
 * labelled, least confident first; `drifting`: not labelled, furthest from the reference first.
 */
export const pictureChoices = ["labelled", "wrong", "uncertain", "drifting"] as const;
export type PictureChoice = (typeof pictureChoices)[number];

export interface ChosenPrediction
  extends Pick<LabelledPrediction, "requestId" | "position" | "timeMs" | "model" | "version" | "label" | "confidence"> {
  readonly trueLabel?: string;
  /** In a few words. */
  readonly why: string;
}

export interface ChosenPictures {
  /** Whose pictures were kept: `uncertain` and `drifting` by what they were chosen for, others newest first. */
  readonly chosen: readonly ChosenPrediction[];
  /** Predictions that would have been chosen, were their pictures kept and had no limit been given. */
  readonly matching: number;
  /** Of those, how many have no picture. */
  readonly notKept: number;
  /** With `drifting`: predictions of versions that have no reference to compare with. */
  readonly withoutReference: number;
}

export interface ChoosePicturesOptions {
  readonly only?: PictureChoice | undefined;
  /** Answers of challengers count only where their version is asked for. */
  readonly range?: LogRange;
  readonly limit?: number | undefined;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

interface Candidate extends ChosenPrediction {
  readonly isChallenger: boolean;
  /** Lower ones are chosen first. */
  readonly rank: number;
}

/**
 * Reads the log once; memory grows with the number of kept pictures, not of predictions.
 * Errors: PREDICTION_LOG_UNAVAILABLE, those of `KeptPictures`, INTERRUPTED.
 */
export async function choosePictures(
  log: Pick<PredictionLog, "models" | "count" | "read">,
  pictures: Pick<KeptPictures, "keys">,
  options: ChoosePicturesOptions = {},
): Promise<ChosenPictures> {
  const { only, range = {}, limit, progress = silentProgress, signal } = options;
  const kept = new Map<string, Candidate | undefined>();
  for await (const key of pictures.keys(signal && { signal })) kept.set(key, undefined);
  const judge = judgeOf(only, await log.models());
  const counts = { matching: 0, notKept: 0, withoutReference: 0 };
  const task = progress.start({ label: "read the prediction log", total: await log.count(range), unit: "predictions" });
  let pending = 0;
  const advance = (): void => {
    throwIfCancelled(signal);
    task.advance(pending);
    pending = 0;
  };
  try {
    for await (const row of log.read(range)) {
      if (++pending === 1000) advance();
      if (row.role === "challenger" && range.version === undefined) continue;
      const judged = judge(row);
      if (judged === "no reference") counts.withoutReference++;
      if (judged === undefined || judged === "no reference") continue;
      counts.matching++;
      const key = [...keysOfPicture(row)].find((one) => kept.has(one));
      if (key === undefined) counts.notKept++;
      else kept.set(key, latest(kept.get(key), candidateOf(row, judged)));
    }
    advance();
    task.done();
  } catch (error) {
    task.fail();
    throw error;
  }
  const candidates = [...kept.values()].filter((one) => one !== undefined).sort((a, b) => a.rank - b.rank);
  return { chosen: candidates.slice(0, limit).map(({ isChallenger: _, rank: _r, ...one }) => one), ...counts };
}

/** Undefined for what is not chosen. */
type Judge = (row: LabelledPrediction) => Pick<Candidate, "rank" | "why"> | "no reference" | undefined;

function judgeOf(only: PictureChoice | undefined, models: readonly LoggedModel[]): Judge {
  const known = new Map(models.map((model) => [JSON.stringify([model.model, model.version]), model]));
  switch (only) {
    case undefined:
      return ({ timeMs, trueLabel }) => ({ rank: -timeMs, why: trueLabel === undefined ? "kept" : "labelled" });
    case "labelled":
      return ({ timeMs, trueLabel }) => (trueLabel === undefined ? undefined : { rank: -timeMs, why: "labelled" });
    case "wrong":
      return ({ timeMs, trueLabel, label }) =>
        trueLabel === undefined || trueLabel === label ? undefined : { rank: -timeMs, why: "wrong" };
    case "uncertain":
      return ({ trueLabel, confidence }) =>
        trueLabel === undefined ? { rank: confidence, why: "uncertain" } : undefined;
    case "drifting":
      return (row) => {
        if (row.trueLabel !== undefined) return undefined;
        const model = known.get(JSON.stringify([row.model, row.version]));
        const reference = comparable(model?.reference);
        if (model === undefined || reference === undefined) return "no reference";
        const { statistics } = row;
        const furthest =
          statistics && isOfThisVersion(statistics) ? furthestStatistic(statistics, reference) : undefined;
        if (furthest === undefined) return undefined;
        const { statistic, value, usual, distance } = furthest;
        const [low, high] = usual.map((end) => end.toPrecision(3));
        return { rank: -distance, why: `${statistic} ${value.toPrecision(3)}, usually ${low} to ${high}` };
      };
  }
}

function comparable(reference: ReferenceProfile | undefined): ReferenceProfile | undefined {
  return reference?.statisticsVersion === pictureStatisticsVersion ? reference : undefined;
}

/** Two requests can have one id, and the challenger answers beside the champion: one picture is kept. */
function latest(before: Candidate | undefined, candidate: Candidate): Candidate {
  return before !== undefined && candidate.isChallenger && !before.isChallenger ? before : candidate;
}

function candidateOf(row: LabelledPrediction, judged: Pick<Candidate, "rank" | "why">): Candidate {
  const { requestId, position, timeMs, model, version, label, confidence, trueLabel, role } = row;
  return {
    ...{ requestId, position, timeMs, model, version, label, confidence },
    ...(trueLabel !== undefined && { trueLabel }),
    ...judged,
    isChallenger: role === "challenger",
  };
}
