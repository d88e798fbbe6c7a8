/**
 * What a training has come to so far: its position, its history, its best and last good weights.
 */
import type { Answers, Evaluation } from "../../metrics/classification-metrics.ts";
import type { Weights } from "../../nn/inference-graph.ts";
import type { StateVectors } from "../step/step-runner.ts";
import { type EpochResult, startOfEpoch } from "./epoch.ts";
import type { BestWeights, EpochMetrics, EpochPosition, FitOptions, FitResult, Snapshot } from "./fit-options.ts";
import type { TrainingClock } from "./training-clock.ts";

type Figures = Pick<BestWeights, "validationAccuracy" | "validationLoss">;
/** Whether an epoch betters the best so far. */
type Comparison = (epoch: Figures, best: Figures) => boolean;

const hasLowerLoss: Comparison = (epoch, best) => epoch.validationLoss < best.validationLoss;

const isMoreAccurate: Comparison = (epoch, best) =>
  epoch.validationAccuracy > best.validationAccuracy ||
  (epoch.validationAccuracy === best.validationAccuracy && hasLowerLoss(epoch, best));

export class TrainingRecord {
  readonly #history: EpochMetrics[];
  readonly #epochsBefore: number;
  readonly #batchSize: number;
  readonly #patience: number;
  readonly #isBetter: Comparison;
  /** The epoch from which patience counts at the earliest. */
  readonly #patientSince: number;
  #best: BestWeights | undefined;
  #bestAnswers: Answers | undefined;
  #lastGood: Weights;
  #epoch: number;
  #stepsBefore: number;
  #position: EpochPosition;

  /** `weights` are those before the first step. */
  constructor({ plan, resume, start }: Pick<FitOptions, "plan" | "resume" | "start">, weights: Weights) {
    this.#batchSize = plan.batchSize;
    this.#patience = plan.patience ?? Number.POSITIVE_INFINITY;
    this.#isBetter = plan.bestBy === "loss" ? hasLowerLoss : isMoreAccurate;
    this.#history = [...(resume?.history ?? [])];
    this.#epochsBefore = this.#history.length;
    this.#best = resume?.best ?? start;
    this.#lastGood = weights;
    this.#epoch = resume?.epoch ?? 0;
    this.#position = resume?.position ?? startOfEpoch;
    this.#stepsBefore = (resume?.step ?? 0) - this.#position.batches;
    // Resumed after an early stop, training has its whole patience again; resumed after an
    // interruption, what was left of it.
    this.#patientSince = this.#isStale(0) ? this.#epoch : 0;
  }

  /** Epochs finished. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Where the epoch under way begins: after the batches that were done before an interruption. */
  get position(): EpochPosition {
    return this.#position;
  }

  /** Steps taken before the epoch under way. */
  get stepsBefore(): number {
    return this.#stepsBefore;
  }

  /** Adds the epoch under way with its weights; `isBest` where they are the best so far. */
  add(
    { position: { batches, lossSum, correct }, learningRate }: EpochResult,
    { loss, accuracy, answers }: Pick<Evaluation, "loss" | "accuracy"> & { readonly answers: Answers },
    { trainedMs, durationMs }: { readonly trainedMs: number; readonly durationMs: number },
    weights: Weights,
  ): { readonly metrics: EpochMetrics; readonly isBest: boolean } {
    const pictures = (batches - this.#position.batches) * this.#batchSize;
    const metrics: EpochMetrics = {
      epoch: this.#epoch + 1,
      trainLoss: lossSum / batches,
      trainAccuracy: correct / (batches * this.#batchSize),
      validationLoss: loss,
      validationAccuracy: accuracy,
      learningRate,
      imagesPerSecond: trainedMs > 0 ? (pictures * 1000) / trainedMs : 0,
      durationMs,
    };
    this.#history.push(metrics);
    this.#epoch++;
    this.#stepsBefore += batches;
    this.#position = startOfEpoch;
    this.#lastGood = weights;
    const isBest = this.#best === undefined || this.#isBetter(metrics, this.#best);
    if (isBest) {
      this.#best = { ...weights, epoch: this.#epoch, validationAccuracy: accuracy, validationLoss: loss };
      this.#bestAnswers = answers;
    }
    return { metrics, isBest };
  }

  /** Whether training stops early. */
  isOutOfPatience(): boolean {
    return this.#isStale(this.#patientSince);
  }

  #isStale(since: number): boolean {
    return this.#epoch - Math.max(this.#best?.epoch ?? 0, since) >= this.#patience;
  }

  /** `position` is that of the epoch under way. */
  snapshot(position: EpochPosition, clock: TrainingClock, state: StateVectors): Snapshot {
    const elapsedMs = clock.elapsedMs();
    return {
      epoch: this.#epoch,
      step: this.#stepsBefore + position.batches,
      position,
      elapsedMs,
      epochStartedMs: position.batches > 0 ? clock.epochStartedMs() : elapsedMs,
      validationMs: clock.validationMs(),
      state,
      history: [...this.#history],
      best: this.#best,
    };
  }

  /** `last` are the weights of the last good epoch unless given. */
  result(end: FitResult["end"], last: Weights = this.#lastGood): FitResult {
    const bestEpoch = this.#best?.epoch ?? 0;
    const [history, epochsBefore] = [this.#history, this.#epochsBefore];
    return { end, best: this.#best ?? last, bestAnswers: this.#bestAnswers, last, bestEpoch, history, epochsBefore };
  }
}
