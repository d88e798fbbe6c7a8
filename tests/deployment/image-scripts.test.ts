/** The scripts that build, push, sign and verify the image, against programs that write down how they are called. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = join(import.meta.dirname, "../..");
const repository = "ghcr.io/pawprint-ml/pawprint";
const digest = `sha256:${"b2".repeat(32)}`;
const commit = "0123456789abcdef0123456789abcdef01234567";

/** A copy of the scripts, with an OCI layout and programs whose calls are written down, one argument in each line. */
function imageFolder(programs: Readonly<Record<string, string>>) {
  const folder = temporaryFolder("image");
  cpSync(join(root, "scripts"), join(folder, "scripts"), { recursive: true });
  mkdirSync(join(folder, "bin"));
  mkdirSync(join(folder, "layout"));
  writeFileSync(join(folder, "layout/index.json"), JSON.stringify({ schemaVersion: 2, manifests: [{ digest }] }));
  writeFileSync(join(folder, "package.json"), '{\n  "name": "pawprint",\n  "version": "1.2.3"\n}\n');
  writeFileSync(join(folder, "calls"), "");
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(folder, "bin", name), `#!/usr/bin/env bash\nprintf '%s\\n' ${name} "$@" >>"$CALLS"\n${text}\n`, {
      mode: 0o755,
    });
  const run = (script: string, line: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const { status, stdout, stderr } = spawnSync(join(folder, "scripts", script), line, {
      cwd: folder,
      encoding: "utf8",
      env: {
        PATH: `${join(folder, "bin")}:${process.env.PATH}`,
        CALLS: join(folder, "calls"),
        GITHUB_OUTPUT: join(folder, "output"),
        ...env,
      },
    });
    const output = join(folder, "output");
    return {
      status,
      stdout,
      stderr,
      calls: readFileSync(join(folder, "calls"), "utf8").split("\n"),
      output: existsSync(output) ? readFileSync(output, "utf8") : "",
    };
  };
  return { folder, run };
}

describe("build-image.sh", () => {
  const git = `case $1 in rev-parse) echo ${commit} ;; show) echo 1700000000 ;; esac`;

  it("builds an OCI layout that says what commit and version it is", () => {
    const { folder, run } = imageFolder({ docker: 'printf "%s\\n" "at $SOURCE_DATE_EPOCH" >>"$CALLS"', git });
    const { status, stderr, calls } = run("build-image.sh", ["image"]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(calls).toEqual(expect.arrayContaining(["docker", "buildx", "build", "at 1700000000"]));
    expect(calls).toContain(`type=oci,dest=${folder}/image,tar=false,rewrite-timestamp=true`);
    for (const value of [`GIT_COMMIT=${commit}`, "VERSION=1.2.3"])
      expect(calls[calls.indexOf(value) - 1]).toBe("--build-arg");
    expect(calls).toContain(`org.opencontainers.image.revision=${commit}`);
    expect(calls).toContain("org.opencontainers.image.version=1.2.3");
  });

  it.each([
    ["a folder that begins another setting", ["image,type=registry"], {}],
    ["a folder like an option", ["--push"], {}],
    ["a folder that is there", ["layout"], {}],
    ["no folder", [], {}],
    ["a commit that is none", ["image"], { GIT_COMMIT: "main" }],
    ["a version that is none", ["image"], { VERSION: "1 --push" }],
    ["a platform that is none", ["image"], { PLATFORM: "linux/amd64 --push" }],
  ])("refuses %s", (_, line, env) => {
    const { status, stderr, calls } = imageFolder({ docker: "", git }).run("build-image.sh", line, { ...env });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: Expected /);
    expect(calls).not.toContain("docker");
  });
});

describe("push-image.sh", () => {
  const copies = (calls: readonly string[]) =>
    calls.flatMap((call, at) => (call === "copy" ? [calls.slice(at + 1, at + 5).join(" ")] : []));

  it("copies the layout by digest, without a tag", () => {
    const { status, stdout, calls, output } = imageFolder({ skopeo: "" }).run("push-image.sh", ["layout", repository]);
    expect(status).toBe(0);
    expect(stdout).toBe(`${digest}\n`);
    expect(output).toBe(`digest=${digest}\n`);
    expect(copies(calls)).toEqual([`--all --preserve-digests oci:layout docker://${repository}@${digest}`]);
  });

  it.each([
    ["on main the commit's and latest", "refs/heads/main", [commit, "latest"]],
    ["elsewhere the commit's alone", "refs/heads/other", [commit]],
    ["of a tag the commit's alone", "refs/tags/main", [commit]],
  ])("gives tags: %s", (_, ref, tags) => {
    const { status, calls } = imageFolder({ skopeo: "" }).run("push-image.sh", ["--tags", "layout", repository], {
      GITHUB_SHA: commit,
      GITHUB_REF: ref,
    });
    expect(status).toBe(0);
    const from = `docker://${repository}@${digest}`;
    expect(copies(calls)).toEqual(tags.map((tag) => `--all --preserve-digests ${from} docker://${repository}:${tag}`));
  });

  it("prints no digest where the copy fails", () => {
    const { status, stdout, output } = imageFolder({ skopeo: "exit 1" }).run("push-image.sh", ["layout", repository]);
    expect(status).toBe(1);
    expect(stdout + output).toBe("");
  });

  it.each([
    ["a repository with a tag", ["layout", `${repository}:latest`]],
    ["a repository with capitals", ["layout", "ghcr.io/Pawprint/pawprint"]],
    ["a folder that is no layout", ["scripts", repository]],
    ["a folder with a tag", ["layout:latest", repository]],
    ["one argument", ["layout"]],
  ])("refuses %s", (_, line) => {
    const { status, stderr, calls } = imageFolder({ skopeo: "" }).run("push-image.sh", line);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: Expected /);
    expect(calls).not.toContain("skopeo");
  });

  it("refuses a layout of several images", () => {
    const { folder, run } = imageFolder({ skopeo: "" });
    writeFileSync(join(folder, "layout/index.json"), JSON.stringify({ manifests: [{ digest }, { digest }] }));
    const { status, stderr } = run("push-image.sh", ["layout", repository]);
    expect(status).toBe(1);
    expect(stderr).toContain("Expected one image in layout");
  });
});

describe("sign-image.sh and verify-image.sh", () => {
  it("signs the digest", () => {
    const { status, calls } = imageFolder({ cosign: "" }).run("sign-image.sh", [repository, digest]);
    expect(status).toBe(0);
    expect(calls.filter(Boolean)).toEqual(["cosign", "sign", "--yes", `${repository}@${digest}`]);
  });

  it("signs no tag", () => {
    expect(imageFolder({ cosign: "" }).run("sign-image.sh", [repository, "latest"]).status).toBe(2);
  });

  it("verifies the digest that the commit's tag has, as signed by CI on main", () => {
    const { status, stdout, calls, output } = imageFolder({ skopeo: `echo ${digest}`, cosign: "" }).run(
      "verify-image.sh",
      [repository, commit],
      { GITHUB_REPOSITORY: "owner/name" },
    );
    expect(status).toBe(0);
    expect(stdout).toBe(`${repository}@${digest}\n`);
    expect(output).toBe(`image=${repository}@${digest}\n`);
    expect(calls).toContain("https://github.com/owner/name/.github/workflows/ci.yml@refs/heads/main");
    expect(calls).toContain(`${repository}@${digest}`);
  });

  it.each([
    ["is not signed", { skopeo: `echo ${digest}`, cosign: "exit 1" }, "is not signed by CI on main"],
    ["is not there", { skopeo: "exit 1", cosign: "" }, "The registry does not have"],
    ["has no digest", { skopeo: "echo latest", cosign: "" }, "Expected a digest from the registry"],
  ])("names no image that %s", (_, programs, message) => {
    const { status, stdout, stderr, output } = imageFolder(programs).run("verify-image.sh", [repository, commit]);
    expect(status).toBe(1);
    expect(stdout + output).toBe("");
    expect(stderr).toContain(message);
  });
});

describe("promote-model.sh, comment-evaluation.sh and connect-eks.sh", () => {
  it("refuses a name of a model that is an option", () => {
    const { folder, run } = imageFolder({ node: "" });
    writeFileSync(join(folder, "version.json"), '{"name": "--force", "version": 1}');
    const { status, calls } = run("promote-model.sh", ["version.json"]);
    expect(status).toBe(1);
    expect(calls).not.toContain("node");
  });

  it("promotes the version that was registered", () => {
    const { folder, run } = imageFolder({ node: "" });
    writeFileSync(join(folder, "version.json"), '{"name": "drawings", "version": 4}');
    const { status, calls } = run("promote-model.sh", ["version.json"], { GITHUB_SHA: commit });
    expect(status).toBe(0);
    expect(calls.join(" ")).toContain(`models promote drawings 4 --reason commit ${commit}`);
  });

  it("comments under the pull request that is named by number alone", () => {
    const { folder, run } = imageFolder({ gh: "" });
    writeFileSync(join(folder, "evaluation.md"), "### Evaluation\n");
    const env = { GITHUB_REPOSITORY: "owner/name" };
    expect(run("comment-evaluation.sh", ["evaluation.md"], { ...env, PULL_REQUEST: "--web" }).status).toBe(2);
    const { status, calls } = run("comment-evaluation.sh", ["evaluation.md"], { ...env, PULL_REQUEST: "12" });
    expect(status).toBe(0);
    expect(calls.join(" ")).toContain("gh pr comment 12 --repo owner/name");
  });

  it("needs a cluster and a region", () => {
    const { run } = imageFolder({ aws: "" });
    const { status, stderr } = run("connect-eks.sh", [], { EKS_CLUSTER: "pets" });
    expect(status).toBe(2);
    expect(stderr).toContain("docs/setup-eks.md");
    const { calls } = run("connect-eks.sh", [], { EKS_CLUSTER: "pets", AWS_REGION: "eu-central-1" });
    expect(calls.join(" ")).toContain("aws eks update-kubeconfig --name pets --region eu-central-1");
  });

  it("publishes the tag of the version alone", () => {
    const { run } = imageFolder({ npm: "" });
    expect(run("publish-package.sh", [], { GITHUB_REF: "refs/tags/v1.2.4" }).status).toBe(2);
    expect(run("publish-package.sh", [], { GITHUB_REF: "refs/heads/main" }).calls).not.toContain("npm");
    const { status, calls } = run("publish-package.sh", [], { GITHUB_REF: "refs/tags/v1.2.3" });
    expect(status).toBe(0);
    expect(calls.filter(Boolean)).toEqual(["npm", "publish", "--provenance", "--access", "public", "--tag", "latest"]);
  });
});
