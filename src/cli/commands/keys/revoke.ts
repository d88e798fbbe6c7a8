/** `pawprint keys revoke`: ends an API key. */
import { visibleText } from "../../../base/visible-text.ts";
import { revokeKey } from "../../../server/security/key-file.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom } from "../../paths.ts";
import { defaultKeysFile } from "./create.ts";

export const command = defineCommand({
  arguments: [{ name: "id", doc: "the key's id, as keys list shows it" }],
  options: [{ name: "file", type: "string", default: defaultKeysFile, doc: "the file of keys" }],
  examples: [{ line: "pawprint keys revoke 3f2a91c07b5d", doc: "services refuse it within a second" }],
  leavesFiles: true,
  async run({ cwd, now }, { id }, { file }) {
    const { name, revokedAt } = await revokeKey(pathFrom(cwd, file), id, new Date(now()));
    return { result: { id, name, revokedAt, file }, text: `${visibleText(name)} (${id}) is revoked`, quietText: "" };
  },
});
