import { expect, it } from "vitest";
import { captureContext } from "../../../tests/support/captured-context.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { readVersion } from "../../base/version.ts";
import { runCommand } from "../frame/run-command.ts";

const cwd = temporaryFolder();
const commit = "ab".repeat(20);

async function run(line: string) {
  const env = { PAWPRINT_GIT_COMMIT: commit, PAWPRINT_IMAGE_DIGEST: "latest" };
  const { context, out } = captureContext({ cwd, env });
  expect(await runCommand(line.split(" "), context)).toBe(0);
  return out();
}

it("says version, commit, Node.js and platform, and nothing of what is not known", async () => {
  const version = await readVersion();
  expect(JSON.parse(await run("version --json"))).toEqual({
    version,
    commit,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  });
  const text = await run("version");
  expect(text).toContain(`commit    ${commit}`);
  expect(text).not.toContain("digest");
});
