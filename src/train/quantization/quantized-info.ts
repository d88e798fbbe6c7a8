/** The metadata of a quantised bundle: those of the float one, with its own figures and where it comes from. */
import type { Logger } from "../../base/logger.ts";
import type { Progress } from "../../base/progress.ts";
import type { BundleInfo } from "../../bundle/bundle.ts";
import { withEmbedding } from "../../bundle/embedding.ts";
import { runProgram } from "../../bundle/load-bundle.ts";
import type { Pack } from "../../dataset/pack/pack.ts";
import type { SourceOptions } from "../../dataset/sources/source-options.ts";
import type { Executor } from "../../runtime/executor.ts";
import { measureReference } from "../evaluation/measure-reference.ts";
import type { ComparedModels } from "./compare-models.ts";

export interface QuantizedInfoOptions {
  /** Of the float bundle. */
  readonly info: BundleInfo;
  readonly compared: ComparedModels;
  readonly quantization: NonNullable<BundleInfo["lineage"]["quantization"]>;
  readonly pack: Pack;
  /** The pictures that were compared on. */
  readonly indices: Uint32Array;
  readonly data: string;
  readonly reading?: SourceOptions;
  readonly executor: Executor;
  readonly progress?: Progress;
  readonly logger?: Logger;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Labels, recipe, history and the lineage of the training stay; figures, reference profile and calibration are those of
 * the quantised model. Errors: those of `measureReference`.
 */
export async function quantizedInfo(options: QuantizedInfoOptions): Promise<Omit<BundleInfo, "parity">> {
  const { info, compared, quantization, pack, executor } = options;
  const { labels, recipe, architecture, lineage, history } = info;
  const { split, graph, answers, evaluation, calibration, float } = compared;
  const program = await executor.load(withEmbedding(graph));
  const reference = await measureReference({
    ...options,
    answers,
    labels,
    split,
    embed: async (pixels) => (await runProgram(program, { recipe: pack.recipe }, pixels)).embedding,
  }).finally(() => program.close());
  const { epochs, bestEpoch, confusion } = info.evaluation;
  return {
    labels,
    recipe,
    architecture: { ...architecture, options: { ...architecture.options, quantization: "int8" } },
    lineage: { ...lineage, quantization },
    evaluation: {
      split,
      ...(epochs !== undefined && { epochs }),
      ...(bestEpoch !== undefined && { bestEpoch }),
      ...evaluation,
      // A table of millions of numbers would be more than the network; the float bundle knows.
      ...(confusion === undefined && { confusion: undefined }),
      calibration: { ...calibration, temperature: calibration.temperature * temperatureOf(info) },
      float: { accuracy: float.accuracy, loss: float.loss },
    },
    ...(history && { history }),
    reference,
  };
}

/** By which the float bundle's logits were divided when it was written, where that is known. */
function temperatureOf({ evaluation }: BundleInfo): number {
  const { calibration } = evaluation;
  const known = typeof calibration === "object" && calibration !== null && Reflect.get(calibration, "temperature");
  return typeof known === "number" ? known : 1;
}
