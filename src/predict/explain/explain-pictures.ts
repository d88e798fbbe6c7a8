/**
 * Heat maps of picture files: which parts of each speak for the predicted class, or for another.
 */
import { basename, extname, resolve } from "node:path";
import { throwIfCancelled } from "../../base/cancel.ts";
import type { AppError } from "../../base/errors.ts";
import { readBytes } from "../../base/files/read-file.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { type BundleInput, loadBundle } from "../../bundle/load-bundle.ts";
import { decodeModel } from "../../graph/onnx/decode.ts";
import { readPictureFile } from "../../image/decode.ts";
import { applyRecipe } from "../../image/recipe.ts";
import { indexOfLargest } from "../../metrics/classification-metrics.ts";
import type { Executor } from "../../runtime/executor.ts";
import { listPictures } from "../list-pictures.ts";
import { pictureFault } from "../prediction-pipeline.ts";
import { createExplainer } from "./explain.ts";
import type { HeatMap } from "./heat-map.ts";
import { drawHeatMap } from "./heat-map-picture.ts";

export interface ExplainPicturesOptions {
  readonly executor: Executor;
  /** The class that is explained; the predicted one unless given. */
  readonly classIndex?: number;
  /** Where relative paths start; the process's folder unless given. */
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export interface ExplainedPicture {
  readonly file: string;
  /** For a file of its map: no two pictures of one call have the same. */
  readonly name: string;
  /** The class that is explained, and its probability. */
  readonly label: string;
  readonly probability: number;
  readonly heatMap: HeatMap;
  /** The heat map over the picture, as `drawHeatMap` draws it: the bytes of a PNG. */
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
  { executor, classIndex, cwd = process.cwd(), signal, progress = silentProgress }: ExplainPicturesOptions,
): AsyncGenerator<ExplainedPicture | UnexplainedPicture, void, undefined> {
  const source = "path" in input ? { bytes: await readBytes(input.path), where: input.path } : input;
  const bundle = await loadBundle(source, executor);
  const { labels, recipe } = bundle.info;
  const files = await listPictures(paths, { cwd });
  const names = mapNames(files.map(({ file }) => file));
  const decode = async (file: string): Promise<Uint8Array> =>
    applyRecipe(await readPictureFile(resolve(cwd, file)), recipe, file);
  const task = progress.start({ label: "explain", total: files.length, unit: "pictures" });
  let end: () => void = task.fail;
  try {
    const explainer = await createExplainer(decodeModel(source.bytes, source.where).graph, bundle.info, executor);
    try {
      for (const [at, { file, error }] of files.entries()) {
        throwIfCancelled(signal);
        const pixels = error ?? (await decode(file).catch(pictureFault));
        if (pixels instanceof Uint8Array) {
          const { probabilities } = await bundle.answer(pixels);
          const index = classIndex ?? indexOfLargest(probabilities);
          const heatMap = await explainer.explain(pixels, index);
          const png = await drawHeatMap(pixels, recipe, heatMap);
          yield { file, name: names[at]!, label: labels[index]!, probability: probabilities[index]!, heatMap, png };
        } else {
          yield { file, error: pixels };
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

/**
 * A name for each file, none twice: its own without the ending; where two are called the same, with
 * it, and with as many of the folders above as tell them apart.
 */
export function mapNames(files: readonly string[]): readonly string[] {
  const parts = files.map((file) => file.split(/[\\/]+/).filter((part) => part !== "" && part !== "."));
  const own = files.map((file) => basename(file, extname(file)));
  const deeper = Array.from({ length: Math.max(0, ...parts.map(({ length }) => length)) }, (_, at) =>
    parts.map((names) => names.slice(-1 - at).join("-")),
  );
  // As file systems that ignore case see them.
  const isDistinct = (names: readonly string[]) =>
    new Set(names.map((name) => name.toLowerCase())).size === names.length;
  return [own, ...deeper].find(isDistinct) ?? own.map((name, at) => `${at + 1}-${name}`);
}
