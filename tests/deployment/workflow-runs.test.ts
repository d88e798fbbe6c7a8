/**
 * The commands of the workflows, one after the other. Registry, signatures, cloud and GitHub are
 * programs that remember what they are asked to keep, and give it back.
 */
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { git } from "../support/dvc-peer.ts";
import { deployedService, fakeKubectl, manifests } from "../support/fake-cluster.ts";
import { because, missingProgram } from "../support/missing-program.ts";
import { ownPipeline } from "../support/own-pipeline.ts";
import { pawprintCommand } from "../support/pawprint-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runWorkflow } from "../support/workflow-lines.ts";

const root = join(import.meta.dirname, "../..");
const jqMissing = missingProgram("jq", ["--version"]);
const digest = `sha256:${"c3".repeat(32)}`;
const repository = "ghcr.io/owner/pets";

/** Programs that come first on the PATH; each writes its calls to a file of its name. */
async function standIns(folder: string, programs: Readonly<Record<string, string>>) {
  const bin = join(folder, ".fakes");
  await mkdir(bin);
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(
      join(bin, name),
      `#!/usr/bin/env bash\nset -e\nprintf '%s\\n' "$*" >>'${bin}/${name}.calls'\n${text}\n`,
    );
    await chmod(join(bin, name), 0o755);
  }
  const calls = async (name: string) =>
    (await readFile(join(bin, `${name}.calls`), "utf8").catch(() => "")).split("\n").filter(Boolean);
  return { path: `${bin}:${process.env.PATH}`, bin, calls };
}

/** `buildx build` leaves an OCI layout, as it is told where. */
const docker = `out=$(sed -n 's/.*type=oci,dest=\\([^,]*\\),.*/\\1/p' <<<"$*")
mkdir -p "$out" && printf '{"manifests": [{"digest": "${digest}"}]}' >"$out/index.json"`;

/** A registry is a folder: a file for each digest, and one for each tag, with the digest in it. */
const skopeo = `mkdir -p "$REGISTRY"
file() { tr '/:' '__' <<<"\${1#docker://}"; }
case $1 in
copy)
  from=\${@: -2:1} to=\${@: -1}
  if [[ $from == oci:* ]]; then from=\${to#*@}; else from=$(cat "$REGISTRY/$(file "$from")"); fi
  printf '%s' "$from" >"$REGISTRY/$(file "$to")"
  ;;
inspect) cat "$REGISTRY/$(file "\${@: -1}")" ;;
esac`;

const cosign = `case $1 in
sign) printf '%s\\n' "\${@: -1}" >>"$REGISTRY/signed" ;;
verify) grep --quiet --line-regexp --fixed-strings "\${@: -1}" "$REGISTRY/signed" ;;
esac`;

it.skipIf(jqMissing !== undefined)(
  `a commit is built, pushed, signed, verified, deployed and released${because(jqMissing)}`,
  { timeout: 120_000 },
  async () => {
    const folder = temporaryFolder("delivery");
    for (const name of ["scripts", "deployment/kubernetes", "package.json"])
      await cp(join(root, name), join(folder, name), { recursive: true });
    git(folder, "init", "-q");
    git(folder, "add", ".");
    git(folder, "commit", "-q", "-m", "what is delivered");
    const commit = git(folder, "rev-parse", "HEAD").trim();
    const service = await deployedService({ commit, digest });
    const pawprint = `exec ${pawprintCommand.map((word) => `'${word}'`).join(" ")} "$@"`;
    const npm = `[[ $1 != publish ]] || [[ -n $NODE_AUTH_TOKEN ]]`;
    const fakes = await standIns(folder, { docker, skopeo, cosign, npm, pawprint, aws: "", kubectl: fakeKubectl });
    await writeFile(join(folder, "manifests.yaml"), manifests);
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

    const values = {
      "github.repository": "owner/pets",
      "github.event.workflow_run.head_sha": commit,
      "vars.AWS_REGION": "eu-central-1",
      "vars.EKS_CLUSTER": "pets",
      "vars.SERVICE_URL": service.origin,
      "secrets.PAWPRINT_SMOKE_KEY": "",
      "secrets.NPM_TOKEN": "token",
    };
    const env = {
      ...process.env,
      PATH: fakes.path,
      TMPDIR: folder,
      REGISTRY: join(folder, ".registry"),
      CALLS: join(folder, ".kubectl"),
      MANIFESTS: join(folder, "manifests.yaml"),
      BEFORE: "7 old-image",
      APPLY: "",
      ROLLOUTS: "",
      UNDO: "",
      PODS: "",
      FORWARD_TO: "",
      GITHUB_REPOSITORY: "owner/pets",
      GITHUB_SHA: commit,
      GITHUB_STEP_SUMMARY: join(folder, ".summary"),
      GITHUB_RUN_ID: "12",
    };
    const atRef = (ref: string) => ({ folder, values, env: { ...env, GITHUB_REF: ref } });
    const lines = [
      await runWorkflow("ci.yml", atRef("refs/heads/main")),
      await runWorkflow("cd.yml", atRef("refs/heads/main")),
      await runWorkflow("release.yml", atRef(`refs/tags/v${version}`)),
    ].flat();

    const record = JSON.parse(await readFile(join(folder, "deployment-record.json"), "utf8"));
    expect(record).toMatchObject({ status: "deployed", image: `${repository}@${digest}`, commit });
    expect(record.run).toBe("https://github.com/owner/pets/actions/runs/12");
    expect(await fakes.calls("aws")).toEqual(["eks update-kubeconfig --name pets --region eu-central-1"]);
    expect(await fakes.calls("pawprint")).toEqual([expect.stringContaining(`smoke ${service.origin}`)]);
    for (const tag of ["latest", commit])
      expect(await readFile(join(env.REGISTRY, `${repository}:${tag}`.replaceAll(/[/:]/g, "_")), "utf8")).toBe(digest);
    const npmCalls = await fakes.calls("npm");
    expect(npmCalls.at(-1)).toBe("publish --provenance --access public --tag latest");
    // The lines of npm are run for real by what runs this test; `npm start` builds.
    const own = await readFile(join(root, ".ci/run"), "utf8");
    const others = lines.filter((line) => line.startsWith("npm ") && line !== "npm run build");
    expect(others.length).toBeGreaterThan(5);
    for (const line of others) expect(own.split("\n")).toContain(line);
  },
);

it.skipIf(jqMissing !== undefined)(
  `a pipeline runs, its evaluation is shown and its model promoted${because(jqMissing)}`,
  { timeout: 240_000 },
  async () => {
    const folder = await ownPipeline();
    await cp(join(root, "scripts"), join(folder, "scripts"), { recursive: true });
    const fakes = await standIns(folder, { gh: "", npm: "" });
    const env = {
      ...process.env,
      PATH: fakes.path,
      GITHUB_STEP_SUMMARY: join(folder, "summary.md"),
      GITHUB_REPOSITORY: "owner/pets",
    };
    const onMain = (name: string) => `github.ref == 'refs/heads/main' && ${name} || ''`;
    const lines = await runWorkflow("train.yml", {
      folder,
      env,
      values: {
        [onMain("vars.MLFLOW_TRACKING_URI")]: "",
        [onMain("secrets.MLFLOW_TRACKING_TOKEN")]: "",
        "vars.MLFLOW_TRACKING_URI": "",
        "secrets.MLFLOW_TRACKING_TOKEN": "",
        "secrets.GITHUB_TOKEN": "token",
        "github.event.pull_request.number": "7",
      },
      // Between the jobs the artifact is unpacked into a folder.
      async after(line) {
        if (!line.includes("train-pipeline")) return;
        await mkdir(join(folder, "training"));
        await cp(join(folder, "evaluation.md"), join(folder, "training/evaluation.md"));
      },
    });
    expect(lines.filter((line) => line.startsWith("scripts/"))).toHaveLength(3);

    const evaluation = await readFile(join(folder, "evaluation.md"), "utf8");
    expect(evaluation).toMatch(/^### Evaluation\n\n\|/);
    expect(evaluation).toContain("accuracy");
    expect(await readFile(env.GITHUB_STEP_SUMMARY, "utf8")).toContain(evaluation);
    expect(await fakes.calls("gh")).toEqual([
      expect.stringMatching(/^pr comment 7 --repo owner\/pets .*--body-file training\/evaluation\.md$/),
    ]);
    const history = ["bin/pawprint.mjs", "models", "list", "--json"];
    const { stdout } = await promisify(execFile)(process.execPath, history, { cwd: folder });
    expect(JSON.parse(stdout).models[0]).toMatchObject({ name: "drawings", aliases: { champion: "1" } });
  },
);
