/** `pawprint explain`: heat maps of what a bundle looks at. */

import { basename, extname, join } from "node:path";
import { throwIfCancelled } from "../../../base/cancel.ts";
import { AppError, isAppError } from "../../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { readBytes } from "../../../base/files/read-file.ts";
import { decodeModel } from "../../../graph/onnx/decode.ts";
import { readPictureFile } from "../../../image/decode.ts";
import { applyRecipe } from "../../../image/recipe.ts";
import { indexOfLargest } from "../../../metrics/classification-metrics.ts";
import { createExplainer, drawHeatMap } from "../../../predict/explain/explain.ts";
import { findClass } from "../../../predict/find-class.ts";
import { listPictures } from "../../../predict/list-pictures.ts";
import { predictionEngine } from "../../../wire/engines.ts";
import { loadBundle } from "../../../wire/library.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { percent } from "../../text/evaluation-text.ts";

/** One picture, or why there is no heat map of it. */
interface Explained {
  readonly file: string;
  readonly label?: string;
  readonly probability?: number;
  readonly out?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export const command = defineCommand({
  description: `Writes a PNG for each picture: the picture as the model sees it, enlarged, with a heat map of what speaks for the class that is predicted, or
for --class. The map comes from the gradients of the class's score at the network's feature maps.`,
  arguments: [
    { name: "model", doc: "a bundle, as train writes it" },
    { name: "pictures", doc: "picture files and folders", variadic: true },
  ],
  options: [
    {
      name: "class",
      type: "string",
      placeholder: "LABEL",
      doc: "a label or a class index; the predicted one unless given",
    },
    {
      name: "out",
      type: "string",
      default: "heat-maps",
      placeholder: "FOLDER",
      doc: "where the pictures go, each as NAME.heat.png",
    },
    { name: "force", short: "f", type: "boolean", doc: "take the place of files that are there" },
  ],
  examples: [
    { line: "pawprint explain models/cats-dogs.onnx cat.jpg --class dog", doc: "why it might be taken for a dog" },
  ],
  async run({ cwd, style, signal, progress }, { model, pictures }, { class: named, out, force }) {
    const path = pathFrom(cwd, model);
    const bytes = await readBytes(path);
    const executor = await predictionEngine();
    const bundle = await loadBundle({ bytes, where: path }, executor);
    const { labels, recipe } = bundle.info;
    const chosen = named === undefined ? undefined : classFrom(named, labels);
    const explainer = await createExplainer(decodeModel(bytes, path).graph, bundle.info, executor);
    const folder = pathFrom(cwd, out);
    const explainOne = async (file: string, name: string): Promise<Explained> => {
      const pixels = await applyRecipe(await readPictureFile(pathFrom(cwd, file)), recipe, file);
      const { probabilities } = await bundle.answer(pixels);
      const index = chosen ?? indexOfLargest(probabilities);
      const target = join(folder, `${name}.heat.png`);
      const image = await drawHeatMap(pixels, recipe, await explainer.explain(pixels, index));
      await writeFileAtomic(target, image, { force, signal });
      return { file, label: labels[index]!, probability: probabilities[index]!, out: target };
    };

    const files = await listPictures(pictures, cwd);
    const names = mapNames(files.map(({ file }) => file));
    await ensureFolder(folder);
    const task = progress.start({ label: "explain", total: files.length, unit: "pictures" });
    const results: Explained[] = [];
    try {
      for (const [at, { file, error }] of files.entries()) {
        throwIfCancelled(signal);
        try {
          if (error) throw error;
          results.push(await explainOne(file, names[at]!));
        } catch (fault) {
          // A name that is taken, or a disk that is full, would fail for the others, too.
          if (!isAppError(fault) || !/^(IMAGE|FILE_NOT_FOUND|FILE_READ)/.test(fault.code)) throw fault;
          results.push({ file, error: { code: fault.code, message: fault.message } });
        }
        task.advance();
      }
      task.done();
    } catch (error) {
      task.fail();
      throw error;
    } finally {
      await explainer.close();
      await bundle.close();
    }
    const failed = results.filter(({ error }) => error).length;
    const lines = results.map(({ file, label, probability, out: target, error }) =>
      error
        ? `${file}  ${style.red(error.code)}: ${error.message}`
        : `${file}  ${style.bold(label!)} ${percent(probability!)}  ${shownPath(cwd, target!)}`,
    );
    return { result: { model, results, failed }, text: lines.join("\n"), exitCode: failed > 0 ? 1 : 0 };
  },
});

/**
 * A name for each picture's map, none twice: the file's own without its ending; where two are
 * called the same, with it, and with so many of the folders above it as tell them apart.
 */
export function mapNames(files: readonly string[]): readonly string[] {
  const parts = files.map((file) => file.split(/[\\/]+/).filter((part) => part !== "" && part !== "."));
  const own = files.map((file) => basename(file, extname(file)));
  const deeper = Array.from({ length: Math.max(0, ...parts.map(({ length }) => length)) }, (_, at) =>
    parts.map((names) => names.slice(-1 - at).join("-")),
  );
  // As file systems that know no capitals see them.
  const isDistinct = (names: readonly string[]) =>
    new Set(names.map((name) => name.toLowerCase())).size === names.length;
  return [own, ...deeper].find(isDistinct) ?? own.map((name, at) => `${at + 1}-${name}`);
}

function classFrom(text: string, labels: readonly string[]): number {
  const index = findClass(labels, text);
  if (index !== undefined) return index;
  throw new AppError("CLI_USAGE", {
    required: `--class is a label, or an index from 0 to ${labels.length - 1}`,
    received: JSON.stringify(text),
    ...(labels.length <= 20 && { hint: `one of ${labels.join(", ")}` }),
  });
}
