/**
 * The port of the prediction log: what a service answered, and what is known of it later. The
 * service writes it, monitoring reads it.
 */
import type { ReferenceProfile } from "../bundle/reference-profile.ts";

export interface LoggedPrediction {
  /** Made once for each prediction: one that is written again is not doubled. Increasing ones are written faster. */
  readonly rowId: string;
  readonly requestId: string;
  /** Among the pictures of its request, from 0. */
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly model: string;
  readonly version: string;
  /** `champion` or `canary`, which answered; `challenger`, which answered beside the champion. */
  readonly role: string;
  readonly label: string;
  /** Probability of the label, 0 to 1, float32. */
  readonly confidence: number;
  /** Of every class in the model's order. */
  readonly probabilities: Float32Array;
  /** Of the request, from its arrival to its answer; a challenger's own. */
  readonly latencyMs: number;
  /** As `statisticsToRow` makes them; none where too many pictures waited to be measured. */
  readonly statistics?: Float32Array;
  /** Of the layer before the last. */
  readonly embedding?: Float32Array;
  /** Of the caller's key, never the key. */
  readonly keyId?: string;
}

/** What somebody says that a picture really is. */
export interface Feedback {
  readonly feedbackId: string;
  readonly requestId: string;
  readonly position: number;
  readonly label: string;
  readonly timeMs: number;
  readonly keyId?: string;
}

export interface LabelledPrediction extends LoggedPrediction {
  /** By the latest feedback. */
  readonly trueLabel?: string;
}

/** What was answered to a picture and what is said of it, without the numbers. */
export interface PredictionSummary
  extends Pick<LabelledPrediction, "requestId" | "position" | "timeMs" | "model" | "version" | "role" | "label"> {
  /** By the latest feedback, and when that was given. */
  readonly trueLabel?: string;
  readonly labelledMs?: number;
}

/** A model whose predictions are in the log: what its rows mean, also when it no longer serves. */
export interface LoggedModel {
  readonly model: string;
  readonly version: string;
  /** In the order of the rows' probabilities. */
  readonly labels: readonly string[];
  /** What drift is held against, where its bundle has it. */
  readonly reference?: ReferenceProfile;
  /** When it was first described; milliseconds since 1970. */
  readonly timeMs: number;
}

export interface LogRange {
  /** Included; milliseconds since 1970. */
  readonly fromMs?: number;
  /** Not included. */
  readonly untilMs?: number;
  readonly version?: string;
}

export interface PageOptions {
  /** Default true. Without them probabilities are empty and embeddings left out, which is faster. */
  readonly vectors?: boolean;
}

/**
 * Errors of every call: PREDICTION_LOG_UNAVAILABLE where the store cannot be reached, is full or
 * does not answer.
 */
export interface PredictionLog {
  /** For messages, without a password. */
  readonly location: string;
  /** All of them or none; those that it has already are left as they are. */
  append(predictions: readonly LoggedPrediction[]): Promise<void>;
  /** Before its first predictions; one that is described already stays as it is. */
  describeModel(model: LoggedModel): Promise<void>;
  /** Oldest first. Errors: BUNDLE_INVALID where a reference is none. */
  models(): Promise<readonly LoggedModel[]>;
  /** The predictions of a request, by their position. */
  find(requestId: string): Promise<readonly LoggedPrediction[]>;
  /** The predictions of many requests, by their time; nothing for requests that are not known. */
  summaries(requestIds: readonly string[]): Promise<readonly PredictionSummary[]>;
  /** Kept when it returns. What was said before stays, as history. */
  addFeedback(feedback: readonly Feedback[]): Promise<void>;
  /** All that was said of a request, oldest first. */
  feedbackFor(requestId: string): Promise<readonly Feedback[]>;
  /** By time, in pages: memory does not grow with their number. */
  read(range?: LogRange): AsyncGenerator<LabelledPrediction, void, undefined>;
  /** The same by the page, as they are read. */
  pages(range?: LogRange, options?: PageOptions): AsyncGenerator<readonly LabelledPrediction[], void, undefined>;
  /** Whole, in any order; those that are there. */
  rowsOf(rowIds: readonly string[]): Promise<readonly LoggedPrediction[]>;
  count(range?: LogRange): Promise<number>;
  /** Removes predictions of before a time, with what was said of them; gives their number. */
  removeBefore(timeMs: number): Promise<number>;
  /** Removes a request's predictions and what was said of them; gives the predictions' number. */
  removeRequest(requestId: string): Promise<number>;
  close(): Promise<void>;
}

/** What a service needs of it: to write, and what feedback is held against. */
export type ServiceLog = Pick<
  PredictionLog,
  | "location"
  | "append"
  | "describeModel"
  | "models"
  | "find"
  | "addFeedback"
  | "feedbackFor"
  | "count"
  | "removeBefore"
  | "removeRequest"
  | "close"
>;
