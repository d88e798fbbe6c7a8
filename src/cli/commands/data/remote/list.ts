/** `pawprint data remote list`: where data versions are pushed to. */
import { withoutCredentials } from "../../../../tracking/tracking-access.ts";
import { defineCommand } from "../../../frame/command.ts";
import { repositoryOf } from "../data-options.ts";

export const command = defineCommand({
  arguments: [],
  options: [],
  examples: [{ line: "pawprint data remote list", doc: "names and addresses" }],
  async run(context) {
    const { config } = (await repositoryOf(context)).repository;
    const remotes = [...config.remotes.values()].map(({ name, url }) => ({
      name,
      url: withoutCredentials(url),
      isDefault: config.core.remote === name,
    }));
    const width = Math.max(0, ...remotes.map(({ name }) => name.length));
    const lines = remotes.map(
      ({ name, url, isDefault }) => `${name.padEnd(width)}  ${url}${isDefault ? "  (default)" : ""}`,
    );
    return { result: { remotes }, text: lines.join("\n") || "no remote" };
  },
});
