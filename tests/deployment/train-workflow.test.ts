/** The commands of train.yml, one after the other: pipeline, comment, promotion; only GitHub is a stand-in. */
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { because, missingProgram } from "../support/missing-program.ts";
import { ownPipeline } from "../support/own-pipeline.ts";

const root = join(import.meta.dirname, "../..");
const jqMissing = missingProgram("jq", ["--version"]);

it.skipIf(jqMissing !== undefined)(
  `runs the pipeline, shows its evaluation and promotes its model${because(jqMissing)}`,
  { timeout: 240_000 },
  async () => {
    const folder = await ownPipeline();
    await cp(join(root, "scripts"), join(folder, "scripts"), { recursive: true });
    // What GitHub's runner does between the jobs: the artifact is unpacked into a folder.
    await mkdir(join(folder, "training"));
    const calls = join(folder, "gh-calls");
    await mkdir(join(folder, "fakes"));
    await writeFile(join(folder, "fakes/gh"), `#!/bin/sh\nprintf '%s\\n' "$@" >>'${calls}'\n`);
    await chmod(join(folder, "fakes/gh"), 0o755);
    const env = {
      ...process.env,
      PATH: `${join(folder, "fakes")}:${process.env.PATH}`,
      GITHUB_STEP_SUMMARY: join(folder, "summary.md"),
      GITHUB_REPOSITORY: "owner/pets",
      PULL_REQUEST: "7",
    };

    const { jobs } = parse(await readFile(join(root, ".github/workflows/train.yml"), "utf8"));
    const steps = (["train", "comment", "promote"] as const).flatMap((job) => jobs[job].steps);
    const lines = steps.flatMap(({ run = "" }: { run?: string }) => (run.startsWith("scripts/") ? [run] : []));
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      await promisify(execFile)("bash", ["-c", line], { cwd: folder, env });
      if (line.includes("train-pipeline"))
        await cp(join(folder, "evaluation.md"), join(folder, "training/evaluation.md"));
    }

    const evaluation = await readFile(join(folder, "evaluation.md"), "utf8");
    expect(evaluation).toMatch(/^### Evaluation\n\n\|/);
    expect(evaluation).toContain("accuracy");
    expect(await readFile(env.GITHUB_STEP_SUMMARY, "utf8")).toContain(evaluation);
    expect((await readFile(calls, "utf8")).split("\n")).toEqual(
      expect.arrayContaining(["pr", "comment", "7", "owner/pets", "training/evaluation.md"]),
    );
    const history = ["bin/pawprint.mjs", "models", "list", "--json"];
    const { stdout } = await promisify(execFile)(process.execPath, history, { cwd: folder });
    expect(JSON.parse(stdout).models[0]).toMatchObject({ name: "drawings", aliases: { champion: "1" } });
  },
);
