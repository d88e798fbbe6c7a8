/** `pawprint models list`: the registered models of a folder or an MLflow server. */
import { visibleText } from "../../../base/visible-text.ts";
import { defineCommand } from "../../frame/command.ts";
import { modelJson, modelsText } from "../../text/model-text.ts";
import { storeOptions } from "../../tracking-options.ts";
import { withRegistry } from "./model-options.ts";

export const command = defineCommand({
  arguments: [],
  options: storeOptions,
  examples: [
    { line: "pawprint models list", doc: "names, and the versions that their aliases stand for" },
    { line: "pawprint models list --tracking-uri http://localhost:5000 --json", doc: "of a server, for a program" },
  ],
  async run(context, _args, options) {
    return withRegistry(context, options, async (registry) => {
      const models = await registry.listModels();
      return {
        result: { location: registry.location, models: models.map(modelJson) },
        text:
          models.length === 0
            ? `no registered models in ${visibleText(registry.location)}`
            : modelsText(models, context.now()),
        quietText: models.map(({ name }) => name).join("\n"),
      };
    });
  },
});
