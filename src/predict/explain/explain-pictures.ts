/**
 * Heat maps of picture files: which parts of each speak for the predicted class, or for another.
 */
import { basename, extname, resolve } from "node:path";
import { throwIfCancelled } from "../../base/cancel.ts";
import type { AppError } from "../../base/errors.ts";
import { readBytes } from "../../base/files/read-file.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { type BundleInput, loadBundle } from "../../bundle/load-bundle.ts";
import { createPathClaims, portableName } from "../../dataset/portable-name.ts";
import { decodeModel } from "../../graph/onnx/decode.ts";
import { applyRecipe } from "../../image/apply-recipe.ts";
import { readPictureFile } from "../../image/decode.ts";
import { indexOfLargest } from "../../metrics/classification-metrics.ts";
import type { Executor } from "../../runtime/executor.ts";
import { listPictures } from "../list-pictures.ts";
import { pictureFault } from "../prediction-pipeline.ts";
import { createExplainer } from "./explain.ts";
import type { HeatMap } from "./heat-map.ts";
import { decodeForHeatMap, drawHeatMap } from "./heat-map-picture.ts";

export interface ExplainPicturesOptions {
  readonly executor: Executor;
  /** The class that is explained; the predicted one unless given. */
  readonly classIndex?: number;
  /** Where relative paths start; the process's folder unless given. */
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  /** Is told of files that are left out of folders. */
  readonly logger?: Logger;
}

export interface ExplainedPicture {
  readonly file: string;
  /**
   * For a file of its map, such as `cat.dog-0.031`: no two pictures of one call have the same, and
   * no two classes of one picture.
   */
  readonly name: string;
  /** The class that is explained, and its probability. */
  readonly label: string;
  readonly probability: number;
  readonly heatMap: HeatMap;
  /** The predicted class. */
  readonly predicted: string;
  /** The heat map over the picture, as `drawHeatMap` draws it, with a caption: a PNG's bytes. */
  readonly png: Uint8Array;
  readonly error?: undefined;
}

export interface UnexplainedPicture {
  readonly file: string;
  readonly error: AppError;
}

/**
 * Explains picture files and folders one by one, in the order of `listPictures`. A picture that
 * cannot be used gives a row with its error.
 * Errors: those of `loadBundle` and `createExplainer`; EXECUTION_INPUT for a class that does not
 * exist; INTERRUPTED.
 */
export async function* explainPictures(
  input: BundleInput,
  paths: readonly string[],
  {
    executor,
    classIndex,
    cwd = process.cwd(),
    signal,
    progress = silentProgress,
    logger = silentLogger,
  }: ExplainPicturesOptions,
): AsyncGenerator<ExplainedPicture | UnexplainedPicture, void, undefined> {
  const source = "path" in input ? { bytes: await readBytes(input.path), where: input.path } : input;
  const bundle = await loadBundle(source, executor);
  const { labels, recipe } = bundle.info;
  const files = await listPictures(paths, { cwd, logger });
  const names = mapNames(files.map(({ file }) => file));
  const classNames = fileNamesOf(labels);
  const read = async (file: string) => {
    const bytes = await readPictureFile(resolve(cwd, file));
    return { bytes, pixels: await applyRecipe(bytes, recipe, file) };
  };
  const task = progress.start({ label: "explain", total: files.length, unit: "pictures" });
  let end: () => void = task.fail;
  try {
    const explainer = await createExplainer(decodeModel(source.bytes, source.where).graph, bundle.info, executor);
    try {
      for (const [at, { file, error }] of files.entries()) {
        throwIfCancelled(signal);
        const picture = error ?? (await read(file).catch(pictureFault));
        if ("pixels" in picture) {
          const { probabilities } = await bundle.answer(picture.pixels);
          const best = indexOfLargest(probabilities);
          const index = classIndex ?? best;
          const heatMap = await explainer.explain(picture.pixels, index);
          const caption = { label: labels[index]!, probability: probabilities[index]!, predicted: labels[best]! };
          const png = await drawHeatMap(await decodeForHeatMap(picture.bytes, recipe, file), recipe, heatMap, caption);
          const name = `${names[at]!}.${classNames[index]!}-${caption.probability.toFixed(3)}`;
          yield { file, name, ...caption, heatMap, png };
        } else {
          yield { file, error: picture };
        }
        task.advance();
      }
      end = task.done;
    } finally {
      await explainer.close();
    }
  } finally {
    await bundle.close();
    end();
  }
}

/** Each label as a part of a file's name, none twice. */
function fileNamesOf(labels: readonly string[]): readonly string[] {
  const claim = createPathClaims();
  return labels.map((label) => claim("", portableName(label, partBytes)).slice(1));
}

/** Of the picture's and the class's name in a file's: together below the 255 of file systems. */
const partBytes = 110;

/**
 * A name for each file, none twice: its own without the ending; where two are called the same, with
 * it, and with as many of the folders above as tell them apart.
 */
export function mapNames(files: readonly string[]): readonly string[] {
  const parts = files.map((file) => file.split(/[\\/]+/).filter((part) => part !== "" && part !== "."));
  const own = files.map((file) => portableName(basename(file, extname(file)), partBytes));
  const deeper = Array.from({ length: Math.max(0, ...parts.map(({ length }) => length)) }, (_, at) =>
    parts.map((names) => portableName(names.slice(-1 - at).join("-"), partBytes)),
  );
  // As file systems that ignore case see them.
  const isDistinct = (names: readonly string[]) =>
    new Set(names.map((name) => name.toLowerCase())).size === names.length;
  return [own, ...deeper].find(isDistinct) ?? own.map((name, at) => `${at + 1}-${name}`);
}
