/** `pawprint data remote remove`: forgets a remote; what is in it stays. */
import { removeRemote } from "../../../../versioning/repo/edit-remotes.ts";
import { defineCommand } from "../../../frame/command.ts";
import { repositoryOf } from "../data-options.ts";

export const command = defineCommand({
  arguments: [{ name: "name", doc: "a remote" }],
  options: [],
  examples: [{ line: "pawprint data remote remove nas", doc: "its objects stay where they are" }],
  leavesFiles: true,
  async run(context, { name }) {
    const { repository } = await repositoryOf(context);
    await removeRemote(repository, name);
    return { result: { name }, text: `removed the remote ${name}` };
  },
});
