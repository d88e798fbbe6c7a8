/** `pawprint explain`: heat maps of what a bundle looks at. */

import { join } from "node:path";
import { AppError } from "../../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { findClass } from "../../../predict/find-class.ts";
import { explainPictures, inspectBundle } from "../../../wire/library.ts";
import { bundleAt, bundleDoc, placeOption } from "../../bundle-at.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { percent } from "../../text/evaluation-text.ts";

/** What the command prints of one picture: where its map is, or why there is none. */
type Row =
  | {
      readonly file: string;
      readonly label: string;
      readonly probability: number;
      readonly predicted: string;
      readonly out: string;
    }
  | { readonly file: string; readonly error: Pick<AppError, "code" | "message"> };

export const command = defineCommand({
  description: `Writes a PNG for each picture: the picture with a heat map of the evidence for the predicted class, or for --class, over it; below it
the class, its probability and the scale of the colours. The map comes from the gradients of the class's score at the network's feature maps.`,
  arguments: [
    { name: "model", doc: bundleDoc },
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
      doc: "where the pictures go, each as NAME.CLASS-PROBABILITY.heat.png",
    },
    { name: "force", short: "f", type: "boolean", doc: "overwrite existing files" },
    placeOption,
  ],
  examples: [
    { line: "pawprint explain models/cats-dogs.onnx cat.jpg --class dog", doc: "why it might be taken for a dog" },
  ],
  leavesFiles: true,
  async run(context, { model, pictures }, { class: named, out, force, trackingUri }) {
    const { cwd, style, signal, progress, logger } = context;
    const { input, given } = await bundleAt(context, model, { trackingUri });
    const { labels } = (await inspectBundle(input)).info;
    const options = {
      cwd,
      signal,
      progress,
      logger,
      ...(named !== undefined && { classIndex: classFrom(named, labels) }),
    };
    const folder = pathFrom(cwd, out);
    await ensureFolder(folder);
    const results: Row[] = [];
    for await (const picture of explainPictures(input, pictures, options)) {
      const { file, error } = picture;
      if (error !== undefined) {
        results.push({ file, error: { code: error.code, message: error.message } });
        continue;
      }
      const target = join(folder, `${picture.name}.heat.png`);
      await writeFileAtomic(target, picture.png, { force, signal });
      const { label, probability, predicted } = picture;
      results.push({ file, label, probability, predicted, out: target });
    }
    const failed = results.filter((row) => "error" in row).length;
    const lines = results.map((row) =>
      "error" in row
        ? `${visibleText(row.file)}  ${style.red(row.error.code)}: ${visibleText(row.error.message)}`
        : `${visibleText(row.file)}  ${style.bold(visibleText(row.label))} ${percent(row.probability)}  ${visibleText(shownPath(cwd, row.out))}`,
    );
    const written = results.flatMap((row) => ("out" in row ? [shownPath(cwd, row.out)] : []));
    return {
      result: { model: given, results, failed },
      text: lines.join("\n"),
      quietText: written.join("\n"),
      exitCode: failed > 0 ? 1 : 0,
    };
  },
});

function classFrom(text: string, labels: readonly string[]): number {
  const index = findClass(labels, text);
  if (index !== undefined) return index;
  throw new AppError("CLI_USAGE", {
    required: `a label, or an index from 0 to ${labels.length - 1}, for --class`,
    received: JSON.stringify(text),
    ...(labels.length <= 20 && { hint: `one of ${labels.join(", ")}` }),
  });
}
