/** `pawprint data checkout`: brings the work tree to the versions that are recorded. */
import { checkoutData } from "../../../versioning/workspace/checkout.ts";
import { defineCommand } from "../../frame/command.ts";
import { checkoutText } from "../../text/data-version-text.ts";
import { globOption, repositoryOf, targetsArgument } from "./data-options.ts";

export const command = defineCommand({
  description: `Takes content from the cache, checked against its hash. Files that no version has are not overwritten: add them first, or give them up with
--force. After 'git checkout v1.0' this brings the data of v1.0; what v1.0 does not track
goes, where the cache has all of it.`,
  arguments: [targetsArgument],
  options: [
    { name: "force", short: "f", type: "boolean", doc: "give up files that no version has" },
    { name: "relink", type: "boolean", doc: "make links anew, after the cache's link type was changed" },
    globOption,
  ],
  examples: [
    { line: "pawprint data checkout", doc: "all data" },
    { line: "pawprint data checkout data/raw --force", doc: "give up what was changed there" },
  ],
  leavesFiles: true,
  async run(context, { targets = [] }, { force, relink, glob }) {
    const { repository, options } = await repositoryOf(context);
    const checkedOut = await checkoutData(repository, targets, { ...options, force, relink, glob });
    return { result: { checkedOut }, text: checkoutText(checkedOut) };
  },
});
