/** `pawprint models promote`: moves an alias to a version that passes its gates. */
import { shellWord } from "../../../base/shell-word.ts";
import { sourceOptionsOf } from "../../../dataset/sources/source-options.ts";
import { PromotionRefusal } from "../../../registry/promotion/promote.ts";
import { promotionConfigSchema } from "../../../registry/promotion/promotion-config.ts";
import { modelsAt, promoteModel } from "../../../wire/models.ts";
import { defineCommand } from "../../frame/command.ts";
import { packsFolder, pathFrom } from "../../paths.ts";
import { loadPawprintConfig, optionsOf, readingOptions } from "../../pawprint-config.ts";
import { gatesText, promotionText } from "../../text/promotion-text.ts";
import { storeLine, storeOptions, trackingAccessFor } from "../../tracking-options.ts";

export const command = defineCommand({
  description: `The version must pass every gate: it loads and answers as it was exported; its classes, its accuracy on the same test pictures
(McNemar's test) and that on each slice are not worse than those of the version that has the alias; and it keeps the limits that are set.
A gate that is asked for and cannot be measured fails. Exit code 1 where one fails: nothing is moved then.

The settings are those of the section promotion in pawprint.yaml.`,
  arguments: [
    { name: "name", doc: "a registered model" },
    { name: "version", doc: "its number" },
  ],
  options: [
    { name: "to", type: "string", placeholder: "ALIAS", default: "champion", doc: "the alias that is moved" },
    { name: "reason", type: "string", doc: "why, for the history" },
    { name: "force", short: "f", type: "boolean", doc: "promote although gates fail; needs --reason" },
    { name: "dryRun", type: "boolean", doc: "run the gates, and move nothing" },
    ...optionsOf(promotionConfigSchema),
    ...readingOptions,
    ...storeOptions,
  ],
  examples: [
    { line: "pawprint models promote cats-dogs 7 --to champion", doc: "where it is not worse than the champion" },
    {
      line: "pawprint models promote cats-dogs 7 --data cats-dogs.zip --min-accuracy 0.95",
      doc: "with pictures and a limit",
    },
    { line: "pawprint models promote cats-dogs 7 --dry-run", doc: "what the gates say" },
    {
      line: "pawprint models promote cats-dogs 7 --force --reason faster",
      doc: "all the same",
    },
  ],
  leavesFiles: true,
  async run(context, { name, version }, options) {
    const { cwd, signal, progress, logger, style, json } = context;
    const { to, reason, force, dryRun, ...others } = options;
    const { data, smokeData, ...settings } = (await loadPawprintConfig(context, "promotion", others)).promotion;
    const models = await modelsAt(await trackingAccessFor(context, options));
    try {
      const promotion = await promoteModel(models, {
        name,
        version,
        alias: to,
        settings: {
          ...settings,
          ...(data !== undefined && { data: pathFrom(cwd, data) }),
          ...(smokeData !== undefined && { smokeData: pathFrom(cwd, smokeData) }),
        },
        reading: sourceOptionsOf(options),
        folder: cwd,
        packs: pathFrom(cwd, packsFolder),
        ...(reason !== undefined && { reason }),
        force,
        checksOnly: dryRun,
        signal,
        progress,
        logger,
      });
      const next = promotion.outcome === "promoted" && `pawprint serve ${shellWord(`models:/${name}@${to}`)}`;
      return {
        result: promotion,
        text: promotionText(promotion, style),
        ...(next && { next: storeLine(next, options) }),
      };
    } catch (error) {
      if (!(error instanceof PromotionRefusal)) throw error;
      if (json)
        return { result: { outcome: "refused", gates: error.gates, error: error.toJSON() }, text: "", exitCode: 1 };
      context.stdout(`${gatesText(error.gates, style)}\n`);
      throw error;
    } finally {
      await models.close();
    }
  },
});
