/** `pawprint data remote add`: a place that data versions are pushed to. */
import { AppError } from "../../../../base/errors.ts";
import { addRemote } from "../../../../versioning/repo/edit-remotes.ts";
import { defineCommand } from "../../../frame/command.ts";
import { repositoryOf } from "../data-options.ts";

export const command = defineCommand({
  description: `Writes a remote into .dvc/config, as dvc remote add does; with --local into .dvc/config.local, which Git does not keep. Credentials of S3
come from the environment (AWS_ACCESS_KEY_ID, AWS_PROFILE) unless they are set there.`,
  arguments: [
    { name: "name", doc: "how it is called" },
    { name: "url", doc: "s3://BUCKET/PREFIX, or a folder" },
  ],
  options: [
    { name: "default", short: "d", type: "boolean", doc: "make it the default" },
    { name: "set", type: "string", placeholder: "KEY=VALUE", repeatable: true, doc: "a setting, such as endpointurl" },
    { name: "local", type: "boolean", doc: "into .dvc/config.local: for secrets" },
    { name: "force", short: "f", type: "boolean", doc: "replace one of this name" },
  ],
  examples: [
    { line: "pawprint data remote add storage s3://pets/dvc --default", doc: "a bucket" },
    { line: "pawprint data remote add nas /mnt/nas/dvc", doc: "a folder" },
    {
      line: "pawprint data remote add minio s3://pets/dvc --set endpointurl=http://127.0.0.1:9000",
      doc: "an S3-compatible store",
    },
  ],
  leavesFiles: true,
  async run(context, { name, url }, { default: isDefault, set, local, force }) {
    const { repository } = await repositoryOf(context);
    const settings = Object.fromEntries(set.map(settingOf));
    await addRemote(repository, { name, url, settings, isDefault, local, force }, context.cwd);
    return {
      result: { name, isDefault },
      text: `added the remote ${name}${isDefault ? ", the default" : ""}`,
      next: "pawprint data push",
    };
  },
});

function settingOf(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new AppError("CLI_USAGE", {
    required: "--set KEY=VALUE",
    received: "another text",
    where: "pawprint data remote add",
  });
}
