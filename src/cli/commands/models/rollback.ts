/** `pawprint models rollback`: moves an alias back to the version before. */
import { modelsAt, rollbackModel } from "../../../wire/models.ts";
import { defineCommand } from "../../frame/command.ts";
import { promotionText } from "../../text/promotion-text.ts";
import { storeOptions, trackingAccessFor } from "../../tracking-options.ts";

export const command = defineCommand({
  description: `The version before is that of the history; after one rollback the next goes one version further back. It must load and answer as it was
exported; no other gate is asked. A service that follows the alias serves it at its next look.`,
  arguments: [{ name: "name", doc: "a registered model" }],
  options: [
    { name: "alias", type: "string", default: "champion", doc: "the alias that is moved" },
    { name: "reason", type: "string", doc: "why, for the history" },
    ...storeOptions,
  ],
  examples: [{ line: "pawprint models rollback cats-dogs --reason wrong-dogs", doc: "the champion before this one" }],
  leavesFiles: true,
  async run(context, { name }, options) {
    const { alias, reason } = options;
    const models = await modelsAt(await trackingAccessFor(context, options));
    try {
      const { logger } = context;
      const moved = await rollbackModel(models, { name, alias, logger, ...(reason !== undefined && { reason }) });
      return { result: moved, text: promotionText(moved, context.style) };
    } finally {
      await models.close();
    }
  },
});
