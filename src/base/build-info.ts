/** Which code runs: version, Git tag and commit, and the image that it was deployed as. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gitText } from "./run-git.ts";
import { readVersion } from "./version.ts";

export interface BuildInfo {
  /** Of package.json. */
  readonly version: string;
  readonly tag?: string;
  /** All 40 or 64 digits. */
  readonly commit?: string;
  /** `sha256:` and 64 digits: of the container's image. */
  readonly imageDigest?: string;
}

/** SHA-1 or SHA-256, as Git writes them. */
export const commitPattern = "^([0-9a-f]{40}|[0-9a-f]{64})$";
/** Source: the OCI image specification, of digests by SHA-256. */
export const imageDigestPattern = "^sha256:[0-9a-f]{64}$";
/** What Git takes as a tag's name, without what would have to be quoted. */
export const tagPattern = "^[A-Za-z0-9][A-Za-z0-9._/+-]{0,127}$";

/**
 * PAWPRINT_GIT_COMMIT, PAWPRINT_GIT_TAG and PAWPRINT_IMAGE_DIGEST, which image and deployment set.
 * Without the first two, what Git says of the checkout that `root` is; else none. A value of another
 * form is left out.
 */
export async function readBuildInfo(
  env: Readonly<Record<string, string | undefined>>,
  root: string = fileURLToPath(new URL("../..", import.meta.url)),
): Promise<BuildInfo> {
  const { PAWPRINT_GIT_COMMIT: commit, PAWPRINT_GIT_TAG: tag, PAWPRINT_IMAGE_DIGEST: imageDigest } = env;
  const isTold = (commit ?? "") !== "" || (tag ?? "") !== "";
  const [version, code] = await Promise.all([readVersion(), isTold ? { commit, tag } : checkoutAt(root)]);
  return {
    version,
    ...valid("tag", code.tag, tagPattern),
    ...valid("commit", code.commit?.toLowerCase(), commitPattern),
    ...valid("imageDigest", imageDigest?.toLowerCase(), imageDigestPattern),
  };
}

function valid<Name extends string>(name: Name, value: string | undefined, pattern: string) {
  const isValid = value !== undefined && new RegExp(pattern).test(value);
  return (isValid ? { [name]: value } : {}) as { readonly [Key in Name]?: string }; // one key, of that name
}

interface Checkout {
  readonly commit?: string | undefined;
  readonly tag?: string | undefined;
}

/** None for an installed package, also where the program that uses it is a checkout itself. */
async function checkoutAt(root: string): Promise<Checkout> {
  if (!existsSync(`${root}/.git`)) return {};
  try {
    const [commit, tag] = await Promise.all([
      gitText(root, ["rev-parse", "--verify", "HEAD"]),
      gitText(root, ["describe", "--tags", "--exact-match", "HEAD"], { allowed: [0, 128] }),
    ]);
    return { commit, tag };
  } catch {
    return {}; // without Git, before the first commit, or in a folder of another user
  }
}
