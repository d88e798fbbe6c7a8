/** `pawprint models describe`: a text about a model or a version. */
import { defineCommand } from "../../frame/command.ts";
import { storeOptions } from "../../tracking-options.ts";
import { withRegistry } from "./model-options.ts";

export const command = defineCommand({
  arguments: [
    { name: "name", doc: "a registered model" },
    { name: "version", doc: "one of its versions; the model itself unless given", optional: true },
  ],
  options: [
    {
      name: "description",
      type: "string",
      placeholder: "TEXT",
      required: true,
      doc: "the text; it replaces the last one",
    },
    ...storeOptions,
  ],
  examples: [
    { line: "pawprint models describe cats-dogs --description Photos", doc: "of the model" },
    { line: "pawprint models describe cats-dogs 7 --description Retrained", doc: "of a version" },
  ],
  async run(context, { name, version }, { description, ...options }) {
    return withRegistry(context, options, async (registry) => {
      if (version === undefined) await registry.describeModel(name, description);
      else await registry.describeVersion(name, version, description);
      const what = version === undefined ? name : `${name} ${version}`;
      return { result: { name, ...(version !== undefined && { version }), description }, text: `described ${what}` };
    });
  },
});
