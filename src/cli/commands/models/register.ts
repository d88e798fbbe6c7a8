/** `pawprint models register`: a bundle as a version of a registered model. */

import { shellWord } from "../../../base/shell-word.ts";
import type { ModelVersion } from "../../../registry/model-registry.ts";
import { modelsAt, registerModel } from "../../../wire/models.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom } from "../../paths.ts";
import { versionJson } from "../../text/model-text.ts";
import { storeLine, storeOptions, trackingAccessFor } from "../../tracking-options.ts";
import { tagsIn } from "./model-options.ts";

export const command = defineCommand({
  description: `A bundle's file is logged first, as a model of the run that trained it; where the store has no such run, of a run of its own. The version gets tags
with the bundle's hashes, its accuracy and its dataset. A bundle that is a version already is not registered again.`,
  arguments: [
    { name: "name", doc: "the registered model; made where there is none" },
    { name: "model", doc: "a bundle's file, https://HOST/NAME.onnx#sha256=HEX, runs:/ID/model or models:/m-ID" },
  ],
  options: [
    { name: "description", type: "string", placeholder: "TEXT", doc: "what is to be known of this version" },
    { name: "tag", type: "string", placeholder: "KEY=VALUE", repeatable: true, doc: "a tag of the version" },
    { name: "alias", type: "string", doc: "an alias that no version has yet; promote moves those that are there" },
    { name: "force", short: "f", type: "boolean", doc: "a further version of a bundle that is registered already" },
    ...storeOptions,
  ],
  examples: [
    { line: "pawprint models register cats-dogs models/cats-dogs.onnx --alias champion", doc: "the first version" },
    { line: "pawprint models register cats-dogs runs:/3f8ef1c08ac94412b2b0a3033bb11b13/model", doc: "a run's model" },
  ],
  async run(context, { name, model }, { description, tag, alias, force, ...options }) {
    const tags = Object.fromEntries(tagsIn(tag, "pawprint models register"));
    const models = await modelsAt(await trackingAccessFor(context, options));
    try {
      const { version, isNew } = await registerModel(models, {
        name,
        model: pathFrom(context.cwd, model),
        folder: context.cwd,
        tags,
        force,
        ...(description !== undefined && { description }),
        ...(alias !== undefined && { alias }),
      });
      const address = `models:/${name}/${version.version}`;
      const as = version.aliases.length === 0 ? "" : ` (${version.aliases.join(", ")})`;
      return {
        result: { ...versionJson(version), address, isNew, location: models.registry.location },
        text: isNew
          ? `registered as ${address}${as}`
          : `this bundle is ${address}${as} already; --force registers it once more`,
        quietText: address,
        ...(isNew && { next: storeLine(nextCommand(name, version), options) }),
      };
    } finally {
      await models.close();
    }
  },
});

/** The champion is served; another version becomes it first. */
function nextCommand(name: string, { version, aliases }: ModelVersion): string {
  return aliases.includes("champion")
    ? `pawprint serve ${shellWord(`models:/${name}@champion`)}`
    : `pawprint models promote ${shellWord(name)} ${version}`;
}
