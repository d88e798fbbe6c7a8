import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { readBuildInfo } from "./build-info.ts";
import { gitText } from "./run-git.ts";
import { readVersion } from "./version.ts";

const folder = temporaryFolder();
const commit = "0123456789abcdef0123456789abcdef01234567";
const digest = `sha256:${"ab".repeat(32)}`;

it("takes what image and deployment say of it", async () => {
  const env = { PAWPRINT_GIT_COMMIT: commit.toUpperCase(), PAWPRINT_GIT_TAG: "v1.2.3", PAWPRINT_IMAGE_DIGEST: digest };
  expect(await readBuildInfo(env, folder)).toEqual({
    version: await readVersion(),
    tag: "v1.2.3",
    commit,
    imageDigest: digest,
  });
});

it.each([
  { PAWPRINT_GIT_COMMIT: "abc123", PAWPRINT_GIT_TAG: "a b", PAWPRINT_IMAGE_DIGEST: "latest" },
  { PAWPRINT_GIT_COMMIT: `${commit}\n`, PAWPRINT_GIT_TAG: "-v", PAWPRINT_IMAGE_DIGEST: "ab".repeat(32) },
  { PAWPRINT_GIT_COMMIT: "", PAWPRINT_GIT_TAG: "", PAWPRINT_IMAGE_DIGEST: "" },
])("leaves out values of another form: %j", async (env) => {
  expect(await readBuildInfo(env, folder)).toEqual({ version: await readVersion() });
});

it("asks Git where it runs from a checkout", async () => {
  const root = join(folder, "checkout");
  await mkdir(root);
  await gitText(root, ["init", "--quiet"]);
  expect(await readBuildInfo({}, root)).toEqual({ version: await readVersion() });
  const author = ["-c", "user.name=Anna", "-c", "user.email=anna@example.org"];
  await gitText(root, [...author, "commit", "--quiet", "--allow-empty", "--no-gpg-sign", "-m", "first"]);
  const head = await gitText(root, ["rev-parse", "HEAD"]);
  expect(await readBuildInfo({}, root)).toEqual({ version: await readVersion(), commit: head });
  await gitText(root, ["tag", "v9.0.0"]);
  expect(await readBuildInfo({}, root)).toMatchObject({ commit: head, tag: "v9.0.0" });
  // What the deployment says is all that holds then.
  expect(await readBuildInfo({ PAWPRINT_GIT_COMMIT: commit }, root)).toEqual({ version: await readVersion(), commit });
});
