/** Static post-training quantisation: a bundle of floats becomes one of 8 bits, if that is of use. */
import { AppError } from "../../base/errors.ts";
import { readBytes } from "../../base/files/read-file.ts";
import { sha256 } from "../../base/hash.ts";
import type { Logger } from "../../base/logger.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { createRandom } from "../../base/random.ts";
import type { BundleInfo } from "../../bundle/bundle.ts";
import type { BundleFile } from "../../bundle/bundle-file.ts";
import { exportBundle, requireFreePath } from "../../bundle/export-bundle.ts";
import { type BundleInput, readBundle } from "../../bundle/load-bundle.ts";
import { indicesOf, type Pack } from "../../dataset/pack/pack.ts";
import type { SourceOptions } from "../../dataset/sources/source-options.ts";
import { type Graph, nodesOf, type Value } from "../../graph/value.ts";
import type { Executor } from "../../runtime/executor.ts";
import { chosenIndices, openBundlePack } from "../evaluation/bundle-pack.ts";
import type { RangeMethod } from "./activation-range.ts";
import { type ActivationHistogram, type CalibrationOptions, calibrate } from "./calibrate.ts";
import { compareModels, type ModelComparisonFigures } from "./compare-models.ts";
import { measureTolerance } from "./engine-difference.ts";
import { prepareGraph } from "./prepare-graph.ts";
import { reasonsAgainst } from "./quantized-figures.ts";
import { quantizedInfo } from "./quantized-info.ts";
import { placementsOf, type QuantizationTrial, searchQuantization } from "./search-quantization.ts";

export interface QuantizeBundleOptions {
  /** A bundle of floats. */
  readonly bundle: BundleInput;
  /** The labelled pictures that it was trained on: what `openSource` opens, or the folder of a pack. */
  readonly data: string;
  readonly out: string;
  /** How the source is read, as it was for training. */
  readonly reading?: SourceOptions;
  /** Pictures of the train split on which activations are measured. Default 128. */
  readonly calibrationPictures?: number;
  /** How ranges are chosen. Default: whichever gives the best accuracy on the validation split. */
  readonly method?: RangeMethod;
  /** Chooses the calibration pictures. Default 0. */
  readonly seed?: number;
  /** The accuracy that may be lost, as a share of the pictures. Default 0.01, one point. */
  readonly maxLoss?: number;
  /** Writes the bundle also where it is slower, or loses more. */
  readonly evenIfWorse?: boolean;
  /** Overwrite an existing file. */
  readonly force?: boolean;
  /** Folder for packs; without it packs stay in memory. */
  readonly packs?: string;
  readonly strict?: boolean;
  /** Pictures of one answer in evaluations. Default 64. */
  readonly batchSize?: number;
  readonly executor: Executor;
  /** Computes op by op, without kernels of 8 bits; how far its answers are off is allowed to other machines, too. */
  readonly plainExecutor: Executor;
  readonly now?: () => number;
  readonly progress?: Progress;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

export interface QuantizationReport extends ModelComparisonFigures {
  readonly chosen: "float" | "int8";
  /** Why the float bundle is the better one, in half sentences. */
  readonly reasons: readonly string[];
  readonly maxLoss: number;
  /** The way that was chosen, with its figures on the validation split, and all that were tried. */
  readonly trial: QuantizationTrial;
  readonly trials: readonly QuantizationTrial[];
  readonly quantization: NonNullable<BundleInfo["lineage"]["quantization"]>;
  /** What was written; undefined where nothing was. */
  readonly bundle?: BundleFile;
}

/**
 * Measures the activations of a bundle on pictures of its train split, chooses their ranges and the layers that stay
 * floats on the validation split, and compares the quantised bundle with the float one on the test
 * split (the validation split where there is none). It is written where it is faster on this machine and loses at most
 * `maxLoss`, else with `evenIfWorse` alone.
 * Errors: QUANTIZATION_UNSUITED; those of `readBundle`, `openBundlePack` and `exportBundle`; DATASET_EMPTY where the
 * train or validation split holds no pictures; INTERRUPTED.
 */
export async function quantizeBundle(options: QuantizeBundleOptions): Promise<QuantizationReport> {
  const { bundle, out, force = false } = options;
  const [where, bytes] =
    "path" in bundle ? [bundle.path, await readBytes(bundle.path)] : [bundle.where ?? "bundle", bundle.bytes];
  const { info, graph } = readBundle(bytes, where);
  requireFloats(graph, info, where);
  const prepared = prepareGraph(graph);
  if (placementsOf(prepared).length === 0) throw withoutLayers(where);
  await requireFreePath(out, force);
  const pack = await openBundlePack(info, { ...options, split: "test" });
  try {
    return await quantizeOnPack({ ...options, info, graph, prepared, from: sha256(bytes), pack });
  } finally {
    await pack.pixels.close();
  }
}

interface OpenedBundle {
  readonly info: BundleInfo;
  readonly graph: Graph;
  readonly prepared: Graph;
  /** SHA-256 of the bundle's file. */
  readonly from: string;
  readonly pack: Pack;
}

async function quantizeOnPack(options: QuantizeBundleOptions & OpenedBundle): Promise<QuantizationReport> {
  const { data, info, graph, pack, executor, signal, from, seed = 0, maxLoss = 0.01 } = options;
  const { batchSize = 64, now = () => performance.now(), progress = silentProgress } = options;
  const shared = { info, pack, batchSize, executor, now, progress, signal };
  const validation = chosenIndices(pack, "val", data);
  const train = chosenIndices(pack, "train", data);
  const pictures = Math.min(options.calibrationPictures ?? 128, train.length);
  const order = createRandom(seed).split("quantization").permutation(train.length).slice(0, pictures);
  // In the pack's order, which is read faster.
  const calibration = Uint32Array.from(order, (at) => train[at]!).sort();

  const found = await searchQuantization({
    ...shared,
    graph: options.prepared,
    histograms: await measureActivations({ ...options, indices: calibration, progress }),
    validation,
    ...(options.method && { methods: [options.method] }),
  });
  const split = indicesOf(pack, "test").length > 0 ? "test" : "val";
  const indices = chosenIndices(pack, split, data);
  const compared = await compareModels({ ...shared, float: graph, found, split, indices });

  const { trial, trials, placement } = found;
  const { float, int8, ratio, sameAnswers, count } = compared;
  const reasons = reasonsAgainst(float, int8, maxLoss);
  const quantization = {
    from,
    method: trial.method,
    pictures,
    seed,
    weights: "int8 of 7 bits, a scale for each output channel",
    activations: "uint8, a scale for each tensor",
    layers: placement.layers,
    quantizedLayers: placement.quantizedLayers,
  };
  const report: QuantizationReport = {
    chosen: reasons.length === 0 ? "int8" : "float",
    reasons,
    maxLoss,
    ...{ split, count, float, int8, ratio, sameAnswers },
    ...{ trial, trials, quantization },
  };
  if (reasons.length > 0 && !options.evenIfWorse) return report;
  const bundle = await exportBundle({
    graph: compared.graph,
    info: await quantizedInfo({ ...options, compared, indices, quantization }),
    path: options.out,
    reference: compared.reference,
    executor,
    tolerance: await measureTolerance(compared.graph, info, executor, options.plainExecutor),
    ...(options.force && { force: true }),
    ...(signal && { signal }),
  });
  return { ...report, bundle };
}

async function measureActivations({
  prepared,
  progress,
  ...options
}: Pick<CalibrationOptions, "pack" | "indices" | "executor" | "signal"> & {
  readonly prepared: Graph;
  readonly progress: Progress;
}): Promise<ReadonlyMap<Value, ActivationHistogram>> {
  const held = placementsOf(prepared).flatMap(({ values }) => [...values.values()]);
  const values = [...new Set(held.map(({ rangeOf }) => rangeOf))];
  const task = progress.start({ label: "calibrate", total: 2 * options.indices.length, unit: "images" });
  try {
    const histograms = await calibrate({ ...options, graph: prepared, values, task });
    task.done();
    return histograms;
  } finally {
    task.fail();
  }
}

function requireFloats(graph: Graph, { lineage }: BundleInfo, where: string): void {
  const quantized = nodesOf(Object.values(graph.outputs)).find(({ op }) => /Quantize|^QLinear|Integer$/.test(op.name));
  if (lineage.quantization === undefined && quantized === undefined) return;
  throw new AppError("QUANTIZATION_UNSUITED", {
    required: "a bundle of floats",
    received: quantized === undefined ? "one that is quantised" : `one that is quantised (${quantized.op.name})`,
    where,
    hint: "give the bundle that training wrote",
  });
}

function withoutLayers(where: string): AppError {
  return new AppError("QUANTIZATION_UNSUITED", {
    required: "a network with convolutions or products of matrices whose weights are fixed",
    received: "one without",
    where,
  });
}
