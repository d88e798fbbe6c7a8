/** Checks before a training starts, and the error of one that diverges. */
import { AppError } from "../../base/errors.ts";
import { indicesOf, type Pack } from "../../dataset/pack/pack.ts";
import type { Model } from "../../nn/inference-graph.ts";
import type { PictureSize } from "../../nn/picture-tensor.ts";
import type { FitOptions, FitResult } from "./fit-options.ts";

/**
 * Carries the weights out of a training that diverged: hours of work should not be lost with it.
 */
export class DivergenceError extends AppError {
  /** `last` holds the weights of the last finished epoch, else the first ones. */
  readonly result: FitResult;

  constructor(detail: ConstructorParameters<typeof AppError>[1], result: FitResult) {
    super("TRAIN_DIVERGED", detail);
    this.result = result;
  }
}

export interface DivergencePoint {
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
}

export function divergence({ epoch, step, loss, learningRate }: DivergencePoint, result: FitResult): DivergenceError {
  return new DivergenceError(
    {
      required: "a finite loss",
      received: `${loss}`,
      where: `epoch ${epoch}, step ${step}, learning rate ${learningRate.toPrecision(3)}`,
      hint: `try a \`learningRate\` of ${(learningRate / 10).toPrecision(1)}, or a \`clipNorm\` of 1, and \`force\``,
    },
    result,
  );
}

/**
 * Throws CONFIG_INVALID for numbers out of range, CHECKPOINT_INVALID for a model of another picture
 * size or other labels than the pack's.
 */
export function checkFit({ model, pack, plan }: Pick<FitOptions, "model" | "pack" | "plan">): void {
  const { budget, batchSize, learningRate, patience } = plan;
  if ("epochs" in budget) requireCount("epochs", budget.epochs);
  if (patience !== undefined) requireCount("patience", patience);
  if (!(learningRate > 0 && Number.isFinite(learningRate))) throw invalid("a learning rate above 0", learningRate);
  requireCount("batchSize", batchSize);
  checkBelongs(model, pack);
  const count = indicesOf(pack, "train").length;
  if (batchSize > count) {
    throw new AppError("CONFIG_INVALID", {
      required: `a batch size of at most the ${count} training pictures`,
      received: `${batchSize}`,
      hint: "choose a smaller batch size, or add pictures",
    });
  }
  if (indicesOf(pack, "val").length === 0) throw invalid("a val split with pictures", 0);
}

function requireCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw invalid(`a whole number of at least 1 for ${name}`, value);
}

function checkBelongs({ size, labels }: Model, { recipe, labels: packLabels }: Pack): void {
  const shown = ({ width, height, channels }: PictureSize, names: readonly string[]) =>
    `${width}x${height}x${channels}, ${names.length} labels (${names.slice(0, 10).join(", ")})`;
  const isSame = size.width === recipe.width && size.height === recipe.height && size.channels === recipe.channels;
  if (isSame && labels.length === packLabels.length && labels.every((label, at) => label === packLabels[at])) return;
  throw new AppError("CHECKPOINT_INVALID", {
    required: `a model for the dataset's pictures: ${shown(recipe, packLabels)}`,
    received: shown(size, labels),
  });
}

function invalid(required: string, received: number): AppError {
  return new AppError("CONFIG_INVALID", { required, received: `${received}` });
}
