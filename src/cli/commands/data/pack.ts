/** `pawprint data pack`: pictures decoded and resized once. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes, formatDuration } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { summarize } from "../../../dataset/dataset-summary.ts";
import { buildPack } from "../../../dataset/pack/build-pack.ts";
import { nameOf } from "../../../dataset/source-name.ts";
import { openSource } from "../../../dataset/sources/open-source.ts";
import { pictureFacts } from "../../../train/pictures/prepare-pack.ts";
import { planPicturesOf } from "../../../train/plan/picture-plan.ts";
import { splitOptionsOf } from "../../../train/plan/split-settings.ts";
import { trainConfigSchema } from "../../../train/plan/train-config.ts";
import { defineCommand } from "../../frame/command.ts";
import { strictOption } from "../../labelled-data.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { loadPawprintConfig, optionsOf, readingKeys } from "../../pawprint-config.ts";
import { summaryText } from "../../text/training-text.ts";

export const command = defineCommand({
  description: `Size, channels and fit are those that train would choose, unless given. Pictures that were packed before and have not changed are not decoded
again; an interrupted pack resumes, even after kill -9. The set may be larger than memory.`,
  arguments: [{ name: "source", doc: "labelled pictures, as for data import" }],
  options: [
    { name: "to", type: "string", placeholder: "FOLDER", doc: "the pack's folder; data/processed/NAME unless given" },
    { name: "force", short: "f", type: "boolean", doc: "replace the pack of another source" },
    strictOption,
    ...optionsOf(trainConfigSchema, [...readingKeys, "size", "channels", "fit", "proportions", "salt", "fold"]),
  ],
  examples: [
    { line: "pawprint data pack data/raw", doc: "into data/processed/raw" },
    { line: "pawprint data pack pets.zip --size 128 --to data/processed/pets-128", doc: "larger pictures" },
  ],
  leavesFiles: true,
  again: "pictures that were packed are not decoded again",
  async run(context, { source: location }, options) {
    const { cwd, style, signal, progress, logger } = context;
    const { train: settings } = await loadPawprintConfig(context, "train", options);
    const path = pathFrom(cwd, location);
    const folder = pathFrom(cwd, options.to ?? join("data", "processed", nameOf(path)));
    const startMs = performance.now();
    const source = await openSource(path, settings);
    try {
      const { recipe } = await planPicturesOf(await pictureFacts(source, { progress, signal }), settings);
      const pack = await buildPack(source, recipe, {
        ...splitOptionsOf(settings),
        folder,
        force: options.force,
        strict: options.strict,
        signal,
        progress,
        logger,
      });
      await pack.pixels.close();
      const summary = summarize(pack);
      const durationMs = performance.now() - startMs;
      const sizeBytes = await folderSize(folder);
      const shown = shownPath(cwd, folder);
      return {
        result: { location: folder, recipe, sizeBytes, durationMs, ...summary },
        text: [
          summaryText(summary),
          "",
          `${style.bold("Pack")}  ${visibleText(shown)}: ${summary.pictures} pictures of ${recipe.width} x ${recipe.height} pixels, ${formatBytes(sizeBytes)}, in ${formatDuration(durationMs)}`,
        ].join("\n"),
        next: style.cyan(`pawprint train --data ${shellPath(shown)}`),
        quietText: shown,
      };
    } finally {
      await source.close();
    }
  },
});

async function folderSize(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
