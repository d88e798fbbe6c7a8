/** `pawprint keys create`: makes an API key for a service. */

import { AppError } from "../../../base/errors.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { keyScopes } from "../../../server/security/api-keys.ts";
import { addKey } from "../../../server/security/key-file.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom } from "../../paths.ts";

/** The default of the three commands. */
export const defaultKeysFile = "pawprint-keys.json";

const dayMs = 86_400_000;

export const command = defineCommand({
  description: `The key is shown once: the file holds only its hash. Services that use the file notice new and revoked keys within a second.
To rotate a key, create another one of the same name, hand it out, and revoke the old one.`,
  arguments: [{ name: "name", doc: "who will use it" }],
  options: [
    { name: "file", type: "string", default: defaultKeysFile, doc: "the file of keys" },
    {
      name: "scope",
      type: "choice",
      choices: keyScopes,
      repeatable: true,
      doc: "what it is for; predict unless given",
    },
    { name: "requestsPerMinute", type: "integer", min: 1, doc: "how many requests it may send in a minute" },
    { name: "days", type: "integer", min: 1, max: 36_500, doc: "how many days it is valid; unlimited unless given" },
  ],
  examples: [
    { line: "pawprint keys create shop", doc: "a key for predictions" },
    { line: "pawprint keys create ops --scope admin --days 90", doc: "one for the admin routes" },
  ],
  async run({ cwd, now }, { name }, { file, scope, requestsPerMinute, days }) {
    if (name.trim() === "" || name.length > 100) {
      throw new AppError("CLI_USAGE", { required: "a NAME of 1 to 100 characters", received: `${name.length}` });
    }
    const scopes = scope.length === 0 ? (["predict"] as const) : [...new Set(scope)];
    const expiresAt = days === undefined ? undefined : new Date(now() + days * dayMs).toISOString();
    const path = pathFrom(cwd, file);
    const { text, key } = await addKey(path, { name, scopes, requestsPerMinute, expiresAt }, new Date(now()));
    return {
      result: { key: text, id: key.id, name, scopes: key.scopes, ...(expiresAt !== undefined && { expiresAt }), file },
      quietText: text,
      text: `${text}\n\nThis is the only time that it is shown. Its hash is in ${visibleText(file)}; serve with: --keys-file ${shellPath(file)}`,
    };
  },
});
