/** `pawprint version`: which code runs here, on which Node.js and platform. */
import { readBuildInfo } from "../../base/build-info.ts";
import { defineCommand } from "../frame/command.ts";
import { alignRows } from "../frame/console.ts";

export const command = defineCommand({
  description: `Tag, commit and image digest come from PAWPRINT_GIT_TAG, PAWPRINT_GIT_COMMIT and PAWPRINT_IMAGE_DIGEST, or from Git in a checkout.`,
  arguments: [],
  options: [],
  examples: [{ line: "pawprint version --json", doc: "for a report of a fault" }],
  async run({ env }) {
    const { version, tag, commit, imageDigest } = await readBuildInfo(env);
    const platform = `${process.platform}-${process.arch}`;
    const result = {
      version,
      ...(tag !== undefined && { tag }),
      ...(commit !== undefined && { commit }),
      ...(imageDigest !== undefined && { image_digest: imageDigest }),
      node: process.versions.node,
      platform,
    };
    const rows = Object.entries(result).map(([name, value]) => [name.replace("_", " "), value]);
    return { result, text: alignRows(rows, ["left", "left"]) };
  },
});
