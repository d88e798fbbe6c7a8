/** `pawprint data preview`: a contact sheet of augmented training pictures. */

import { dirname } from "node:path";
import { ensureFolder, writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { requireFreePath } from "../../../bundle/export-bundle.ts";
import { splits } from "../../../dataset/sources/source.ts";
import type { AugmentationPreview } from "../../../train/pictures/augmentation-preview.ts";
import { augmentationKeys } from "../../../train/plan/augmentation-plan.ts";
import type { Choice } from "../../../train/plan/choice.ts";
import { trainConfigSchema } from "../../../train/plan/train-config.ts";
import { previewAugmentation } from "../../../wire/library.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { loadPawprintConfig, optionsOf, readingFlags, readingKeys } from "../../pawprint-config.ts";
import { choicesText } from "../../text/choices-text.ts";

/** Smaller pictures are enlarged by whole factors, so that their captions fit. */
const shownSidePx = 96;

export const command = defineCommand({
  description: `A row for each picture: first as it is packed, then its variants, computed by the graph that training runs. Settings are those of
train, from flags, environment and the train section of pawprint.yaml; captions of mixed pictures give the share of each label.`,
  arguments: [{ name: "source", doc: "labelled pictures, as for train --data" }],
  options: [
    { name: "out", type: "string", default: "preview.png", placeholder: "FILE", doc: "the PNG file to write" },
    { name: "count", type: "integer", default: 8, min: 1, max: 64, doc: "how many pictures, spread over the classes" },
    { name: "variants", type: "integer", default: 8, min: 1, max: 64, doc: "how many variants of each" },
    { name: "split", type: "choice", choices: splits, default: "train", doc: "the split to take pictures from" },
    { name: "force", short: "f", type: "boolean", doc: "replace a file that is there" },
    ...optionsOf(trainConfigSchema, [
      ...readingKeys,
      "size",
      "channels",
      "fit",
      "proportions",
      "salt",
      "fold",
      ...augmentationKeys,
      "time",
      "seed",
      "threads",
    ]),
  ],
  examples: [
    { line: "pawprint data preview pictures", doc: "with the default augmentation of train" },
    { line: "pawprint data preview pets.zip --size 128 --crop 0.3 --hue 0.05", doc: "try settings before training" },
    { line: "pawprint data preview pictures --mixup 0.2 --cutmix 1 --out mixed.png", doc: "see how pairs are mixed" },
  ],
  leavesFiles: true,
  async run(context, { source }, options) {
    const { cwd, style, signal, progress, logger } = context;
    const { out, count, variants, split, force } = options;
    const { train } = await loadPawprintConfig(context, "train", options);
    const { data: _data, out: _out, threads, ...settings } = train;
    const path = pathFrom(cwd, String(out));
    await requireFreePath(path, force);
    const preview = await previewAugmentation({
      data: pathFrom(cwd, source),
      settings,
      count: Number(count),
      variants: Number(variants),
      split,
      ...(threads !== undefined && { threads }),
      signal,
      progress,
    });
    for (const { reason } of preview.skipped) logger.warn(`skipped: ${reason}`);
    await ensureFolder(dirname(path));
    await writeFileAtomic(path, await sheetOf(preview), { force, signal });
    const { rows, recipe, choices } = preview;
    const shown = shownPath(cwd, path);
    return {
      result: {
        path,
        recipe,
        choices,
        rows: rows.map(({ id, label, pictures }) => {
          return { id, label, captions: pictures.map(({ caption }) => caption) };
        }),
        skipped: preview.skipped,
      },
      text: [
        choicesText(
          choices.filter(({ key }) => shownChoices.has(key)),
          style,
        ),
        "",
        `${style.bold("Sheet")}  ${visibleText(shown)}: ${rows.length} pictures of ${recipe.width} x ${recipe.height} pixels, ${variants} variants of each`,
      ].join("\n"),
      next: `${style.cyan(`pawprint train --data ${shellPath(source)}${readingFlags(options)}`)}, with the settings that you chose`,
      quietText: shown,
    };
  },
});

const shownChoices: ReadonlySet<Choice["key"]> = new Set(["size", "channels", ...augmentationKeys]);

async function sheetOf({ rows, recipe }: AugmentationPreview): Promise<Uint8Array> {
  const { renderContactSheet } = await import("../../../report/dataset/contact-sheet.ts");
  const { width, height, channels } = recipe;
  const pictures = rows.flatMap((row) => row.pictures.map((picture) => ({ ...picture, width, height, channels })));
  const scale = Math.max(1, Math.round(shownSidePx / Math.max(width, height)));
  return await renderContactSheet({ pictures, columns: rows[0]!.pictures.length, scale });
}
