/** `pawprint data remote default`: the remote that is meant where none is named. */
import { setDefaultRemote } from "../../../../versioning/repo/edit-remotes.ts";
import { defineCommand } from "../../../frame/command.ts";
import { repositoryOf } from "../data-options.ts";

export const command = defineCommand({
  arguments: [{ name: "name", doc: "a remote" }],
  options: [],
  examples: [{ line: "pawprint data remote default storage", doc: "push and pull use it from now on" }],
  leavesFiles: true,
  async run(context, { name }) {
    const { repository } = await repositoryOf(context);
    await setDefaultRemote(repository, name);
    return { result: { name }, text: `the default remote is ${name}` };
  },
});
