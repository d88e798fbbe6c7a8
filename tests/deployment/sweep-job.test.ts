/** The Job that `pawprint sweep render` writes, held to the same rules as the kustomizations. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCommand } from "../../src/cli/frame/run-command.ts";
import { captureContext } from "../support/captured-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createSchemaCheck, schemaMissing } from "./support/kubernetes-schema.ts";
import { at, type Manifest, parseManifests } from "./support/manifest.ts";
import { imageFaults, podHygieneFaults, podSecurityFaults } from "./support/pod-rules.ts";
import { referenceFaults } from "./support/reference-rules.ts";

const because = schemaMissing === undefined ? "" : ` (skipped: ${schemaMissing})`;

async function render(...more: readonly string[]): Promise<Manifest[]> {
  const cwd = temporaryFolder("sweep-job");
  await writeFile(join(cwd, "pets.yaml"), "data: x\ntrials: 12\nsearch: { learningRate: { choice: [0.01, 0.02] } }\n");
  const { context, out, err } = captureContext({ cwd });
  const required = ["--image", "train:1", "--data", "s3://pets/pictures", "--out", "s3://pets/$(HOME)/1"];
  await runCommand(["sweep", "render", "pets.yaml", ...required, ...more], context);
  expect(err()).toBe("");
  return parseManifests(out());
}

describe.each([
  ["as it is", []],
  [
    "with every flag",
    [
      ...["--name", "mine", "--namespace", "pets", "--parallelism", "3", "--cpu", "500m", "--memory", "1.5Gi"],
      ...["--service-account", "trainer", "--secret", "aws"],
    ],
  ],
])("a rendered sweep %s", (_title, flags) => {
  it.skipIf(schemaMissing !== undefined)(`holds objects that Kubernetes knows${because}`, async () => {
    expect((await render(...flags)).flatMap(createSchemaCheck())).toEqual([]);
  });

  it("keeps to the profile restricted, and names an image that does not move", async () => {
    const manifests = await render(...flags);
    expect(podSecurityFaults(manifests)).toEqual([]);
    expect(podHygieneFaults(manifests)).toEqual([]);
    expect(imageFaults(manifests)).toEqual([]);
  });
});

it("refers to nothing that is not among the objects", async () => {
  expect(referenceFaults(await render())).toEqual([]);
});

it("has an index for each trial, and attempts of its own for each index", async () => {
  const job = (await render()).find(({ kind }) => kind === "Job")!;
  expect(job.spec).toMatchObject({
    completionMode: "Indexed",
    completions: 12,
    parallelism: 4,
    backoffLimitPerIndex: 2,
  });
  // Both are what a Job with a podFailurePolicy and attempts for each index must have.
  expect(at(job, "spec", "template", "spec", "restartPolicy")).toBe("Never");
  const containers = at(job, "spec", "template", "spec", "containers");
  expect(at(containers, 0, "name")).toBe(
    at(job, "spec", "podFailurePolicy", "rules", 1, "onExitCodes", "containerName"),
  );
  // $( of the address is not Kubernetes' to fill in.
  expect(at(containers, 0, "args")).toEqual(
    expect.arrayContaining(["$(JOB_COMPLETION_INDEX)", "s3://pets/$$(HOME)/1"]),
  );
});

it("takes a backbone of the image alone", async () => {
  const cwd = temporaryFolder("sweep-job");
  const line = ["sweep", "render", "pets.yaml", "--image", "train:1", "--data", "s3://pets/p", "--out", "s3://pets/1"];
  const renderWith = async (settings: string) => {
    await writeFile(join(cwd, "pets.yaml"), `data: x\n${settings}\n`);
    const { context, out, err } = captureContext({ cwd });
    return { exitCode: await runCommand(line, context), out: out(), err: err() };
  };
  const search = "search: { weightDecay: { choice: [0.01, 0.1] } }";
  const inImage = await renderWith(`fixed: { backbone: /models/net.onnx }\n${search}`);
  expect(inImage.err).toBe("");
  expect(inImage.out).toContain("backbone: /models/net.onnx");
  for (const settings of [`fixed: { backbone: net.onnx }\n${search}`, "search: { backbone: { choice: [net.onnx] } }"]) {
    const { exitCode, err } = await renderWith(settings);
    expect(exitCode).toBe(2);
    expect(err).toContain("Expected the backbone's absolute path in the image; got net.onnx (pets.yaml backbone)");
  }
});
