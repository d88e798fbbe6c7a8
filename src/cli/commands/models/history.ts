/** `pawprint models history`: who moved a model's aliases, when and why. */
import { modelHistory, modelsAt } from "../../../wire/models.ts";
import { defineCommand } from "../../frame/command.ts";
import { historyText } from "../../text/promotion-text.ts";
import { storeOptions, trackingAccessFor } from "../../tracking-options.ts";

export const command = defineCommand({
  description: `The newest move comes first. Moves that another program made, such as MLflow's pages, are shown as "moved outside": their time and
their reason are not known. A move that was claimed and never made is shown as such.`,
  arguments: [{ name: "name", doc: "a registered model" }],
  options: [{ name: "alias", type: "string", doc: "of this alias alone" }, ...storeOptions],
  examples: [{ line: "pawprint models history cats-dogs", doc: "all aliases" }],
  async run(context, { name }, options) {
    const models = await modelsAt(await trackingAccessFor(context, options));
    try {
      const history = await modelHistory(models, name, options.alias);
      return { result: history, text: historyText(history, context.style) };
    } finally {
      await models.close();
    }
  },
});
