/** `pawprint models tag`: sets and removes tags of a version. */
import { AppError } from "../../../base/errors.ts";
import { counted } from "../../../base/quantity.ts";
import { defineCommand } from "../../frame/command.ts";
import { versionJson } from "../../text/model-text.ts";
import { storeOptions } from "../../tracking-options.ts";
import { tagsIn, withRegistry } from "./model-options.ts";

export const command = defineCommand({
  arguments: [
    { name: "name", doc: "a registered model" },
    { name: "version", doc: "one of its versions" },
    { name: "tags", doc: "each KEY=VALUE; it replaces the last value", variadic: true, optional: true },
  ],
  options: [
    { name: "remove", type: "string", placeholder: "KEY", repeatable: true, doc: "a tag to remove" },
    ...storeOptions,
  ],
  examples: [
    { line: "pawprint models tag cats-dogs 7 team=pets reviewed=yes", doc: "two tags" },
    { line: "pawprint models tag cats-dogs 7 --remove reviewed", doc: "one less" },
  ],
  async run(context, { name, version, tags: given = [] }, { remove, ...options }) {
    const tags = tagsIn(given, "pawprint models tag");
    if (tags.size + remove.length === 0) throw noTags();
    return withRegistry(context, options, async (registry) => {
      for (const [key, value] of tags) await registry.setVersionTag(name, version, key, value);
      for (const key of remove) await registry.deleteVersionTag(name, version, key);
      const done = [
        ...(tags.size === 0 ? [] : [`set ${counted(tags.size, "tag")}`]),
        ...(remove.length === 0 ? [] : [`removed ${counted(remove.length, "tag")}`]),
      ];
      return {
        result: versionJson(await registry.getVersion(name, version)),
        text: `${done.join(", ")} of ${name} ${version}`,
      };
    });
  },
});

function noTags(): AppError {
  return new AppError("CLI_USAGE", {
    required: "tags as KEY=VALUE, or --remove KEY",
    received: "nothing",
    where: "pawprint models tag",
  });
}
