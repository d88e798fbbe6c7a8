/** `pawprint keys list`: the API keys of a file, without their hashes. */
import { visibleText } from "../../../base/visible-text.ts";
import { readKeys } from "../../../server/security/key-file.ts";
import { defineCommand } from "../../frame/command.ts";
import { table } from "../../frame/console.ts";
import { pathFrom } from "../../paths.ts";
import { defaultKeysFile } from "./create.ts";

export const command = defineCommand({
  arguments: [],
  options: [{ name: "file", type: "string", default: defaultKeysFile, doc: "the file of keys" }],
  examples: [{ line: "pawprint keys list", doc: "names, scopes, limits, and which are valid" }],
  async run({ cwd, now }, _args, { file }) {
    const time = now();
    const keys = (await readKeys(pathFrom(cwd, file))).map(({ hash: _hash, ...key }) => ({
      ...key,
      state: key.revokedAt !== undefined ? "revoked" : isPast(key.expiresAt, time) ? "expired" : "valid",
    }));
    const rows = keys.map(({ id, name, scopes, state, createdAt, expiresAt, requestsPerMinute }) => [
      id,
      name,
      scopes.join(", "),
      state,
      createdAt.slice(0, 10),
      expiresAt?.slice(0, 10) ?? "never",
      requestsPerMinute === undefined ? "" : String(requestsPerMinute),
    ]);
    const columns = ["ID", "NAME", "SCOPES", "STATE", "CREATED", "EXPIRES", "PER MINUTE"];
    return {
      result: { file, keys },
      text: keys.length === 0 ? `no keys in ${visibleText(file)}` : table(columns, rows),
    };
  },
});

function isPast(expiresAt: string | undefined, time: number): boolean {
  return expiresAt !== undefined && !(Date.parse(expiresAt) > time);
}
