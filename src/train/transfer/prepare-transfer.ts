/** From a pack and a backbone to everything that a training runs on. */
import { join } from "node:path";
import { type Logger, silentLogger } from "../../base/logger.ts";
import { memoryLimit } from "../../base/machine/memory-limit.ts";
import type { Progress } from "../../base/progress.ts";
import { createRandom } from "../../base/random.ts";
import type { Pack } from "../../dataset/pack/pack.ts";
import type { SourceKind } from "../../dataset/sources/source.ts";
import type { Backbone, BackboneIdentity } from "../../nn/backbones/backbone.ts";
import { createTransferNetwork, type TransferPlan } from "../../nn/backbones/transfer-network.ts";
import { layoutOf, type Model } from "../../nn/inference-graph.ts";
import { initialParameters, initialStatistics } from "../../nn/parameter-layout.ts";
import type { Executor } from "../../runtime/executor.ts";
import type { BestWeights } from "../fit/fit-options.ts";
import { Choices } from "../plan/choice.ts";
import type { StepPlan } from "../plan/step-plan.ts";
import type { TrainSettings } from "../plan/train-config.ts";
import { adamw } from "../step/optimizer.ts";
import { requireMemory } from "../step/step-memory.ts";
import { type ActivationOptions, type Activations, computeActivations } from "./activations.ts";
import { type ChosenHead, chooseHead, weightsByName } from "./choose-head.ts";
import { chooseTransfer, planTransferSteps, type TransferChoices } from "./plan-transfer.ts";
import { standardizationOf } from "./standardization.ts";

export interface PrepareTransferOptions {
  readonly settings?: TrainSettings;
  readonly executor: Executor;
  /** Folder for packs, in which activations are kept too. */
  readonly packs?: string;
  readonly logger?: Logger;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface PreparedTransfer {
  /** Of pictures: what becomes the bundle. */
  readonly model: Model;
  /** What is trained: the model on pictures, or what stands behind the fixed blocks, on activations. */
  readonly fitted: { readonly model: Model; readonly pack: Pack };
  readonly stepPlan: StepPlan;
  /** Weights that training must better: the backbone as it was, under the head that was chosen. */
  readonly start: BestWeights | undefined;
  readonly backbone: BackboneIdentity;
}

/**
 * Computes features, chooses a head by validation, and plans its training, or the fine-tuning that starts from it.
 * Errors: those of `computeActivations`, `chooseHead`, `chooseTransfer` and `planTransferSteps`; TRAIN_OUT_OF_MEMORY.
 */
export async function prepareTransfer(
  pack: Pack,
  kind: SourceKind,
  backbone: Backbone,
  options: PrepareTransferOptions,
): Promise<PreparedTransfer> {
  const { settings = {}, executor, packs, logger = silentLogger, progress, signal } = options;
  const choices = new Choices(settings);
  const transfer = chooseTransfer(backbone, settings, choices);
  const planned = planTransferSteps(pack, kind, settings, transfer, choices);
  const { augmentation, seed } = planned;
  const activations = (tunedBlocks: number): Promise<Activations> => {
    const folder = packs === undefined ? undefined : join(packs, "activations");
    const wanted: ActivationOptions = {
      executor,
      backbone,
      tunedBlocks,
      pack,
      variants: transfer.variants,
      augmentation,
      seed,
      folder,
    };
    return computeActivations({ ...wanted, progress, logger, signal });
  };
  const features = await activations(0);
  const standardization = await standardizationOf(features);
  const planOf = (head: TransferPlan["head"], tunedBlocks = 0): TransferPlan => {
    const { rate, rateDecay, updatesStatistics } = transfer;
    return { backbone, tunedBlocks, rate, rateDecay, updatesStatistics, head, standardization };
  };
  const modelOf = (plan: TransferPlan, shape?: readonly number[]): Model => ({
    network: createTransferNetwork(plan, shape ? "activations" : "pictures"),
    size: pack.recipe,
    normalization: { mean: backbone.input.mean, std: backbone.input.std },
    labels: pack.labels,
    ...(shape && { activations: shape }),
  });
  const headPlan = transfer.tunedBlocks === 0 ? planned : warmUpPlan(pack, kind, settings, transfer);
  const chosen = await chooseHead({
    executor,
    pack: features.pack,
    pictureCount: pack.ids.length,
    candidates: transfer.candidates,
    plan: headPlan,
    modelOf: ({ hidden, dropout }) => modelOf(planOf({ hidden, dropout }), features.shape),
    logger,
    progress,
    signal,
  });
  const stepPlan = withHead(planned, chosen, settings);
  const { hidden, dropout } = chosen.candidate;
  const identity = identityOf(backbone);
  if (transfer.tunedBlocks === 0) {
    const plan = planOf({ hidden, dropout });
    const fitted = { model: modelOf(plan, features.shape), pack: features.pack };
    return { model: modelOf(plan), fitted, stepPlan, start: undefined, backbone: identity };
  }
  const plan = { ...planOf({ hidden, dropout }, transfer.tunedBlocks), given: weightsByName(chosen) };
  const model = modelOf(plan);
  const cut = transfer.isWhole ? undefined : await activations(transfer.tunedBlocks);
  const fitted = cut ? { model: modelOf(plan, cut.shape), pack: cut.pack } : { model, pack };
  const { optimizer, batchSize, averageSteps } = stepPlan;
  requireMemory({ model: fitted.model, optimizer, batchSize, averages: averageSteps > 0 }, memoryLimit());
  return { model, fitted, stepPlan, start: startOf(model, chosen), backbone: identity };
}

/** The head alone, for the few epochs that it takes. */
function warmUpPlan(pack: Pack, kind: SourceKind, settings: TrainSettings, transfer: TransferChoices): StepPlan {
  const { time: _time, epochs: _epochs, batchSize: _batch, learningRate: _rate, ...others } = settings;
  const frozen = { ...transfer, tunedBlocks: 0 };
  return planTransferSteps(pack, kind, others, frozen, new Choices(others));
}

/** The plan with the optimizer of the head that was chosen. */
function withHead(plan: StepPlan, { candidate }: ChosenHead, settings: TrainSettings): StepPlan {
  const { hidden, dropout, weightDecay } = candidate;
  const isUsual =
    (settings.optimizer ?? "adamw") === "adamw" && settings.clipNorm === undefined && settings.accumulate === undefined;
  const choices = new Choices(settings);
  choices.add("head", hidden > 0 ? "hidden" : "linear", "the simplest that validates as well as the best");
  choices.add("weightDecay", weightDecay, "the simplest that validates as well as the best");
  if (dropout > 0) choices.add("dropout", dropout, "usual for a hidden layer");
  return {
    ...plan,
    ...(isUsual && { optimizer: adamw({ weightDecay }) }),
    settings: { ...plan.settings, head: { hidden, dropout, weightDecay } },
    choices: [...plan.choices, ...choices.all],
  };
}

function startOf(model: Model, { validationAccuracy, validationLoss }: ChosenHead): BestWeights {
  const layout = layoutOf(model);
  // Every parameter has given values, so nothing is drawn.
  const parameters = initialParameters(layout, createRandom("start"));
  return { parameters, statistics: initialStatistics(layout), epoch: 0, validationAccuracy, validationLoss };
}

function identityOf({ name, sha256, licence, source, layer }: Backbone): BackboneIdentity {
  return { name, sha256, layer, ...(licence && { licence }), ...(source && { source }) };
}
