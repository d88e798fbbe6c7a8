/** `pawprint models show`: a registered model and its versions. */
import { modelNotRegistered } from "../../../registry/registry-names.ts";
import { defineCommand } from "../../frame/command.ts";
import { modelJson, modelText, versionJson } from "../../text/model-text.ts";
import { storeOptions } from "../../tracking-options.ts";
import { withRegistry } from "./model-options.ts";

export const command = defineCommand({
  description:
    "The newest version comes first. Accuracy is that of the bundle's own evaluation, dataset the pictures that it was trained from.",
  arguments: [{ name: "name", doc: "a registered model" }],
  options: storeOptions,
  examples: [
    { line: "pawprint models show cats-dogs", doc: "versions with aliases, accuracy, dataset, run and tags" },
    { line: "pawprint models show cats-dogs --json", doc: "all that the registry knows" },
  ],
  async run(context, { name }, options) {
    return withRegistry(context, options, async (registry) => {
      const model = await registry.findModel(name);
      if (model === undefined) throw modelNotRegistered(name, registry.location);
      const versions = await registry.listVersions(name);
      return {
        result: { location: registry.location, ...modelJson(model), versions: versions.map(versionJson) },
        text: modelText(model, versions, { style: context.style, now: context.now() }),
      };
    });
  },
});
