import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { pipelineFolder } from "../../tests/support/pipeline-folder.ts";
import { commitStages } from "./commit-stages.ts";

const yaml = (command: string): string =>
  `stages:\n  first:\n    cmd: ${command}\n    deps: [in]\n    outs: [mid]\n  last:\n    cmd: cp mid out\n    deps: [mid]\n    outs: [out]\n`;

it("records stages as they are, so that they need not run, and only those that are asked for", async () => {
  const at = await pipelineFolder({ "dvc.yaml": yaml("cp in mid"), in: "one" });
  const from = { folder: at.folder };
  expect(await at.ends()).toEqual(["first ran", "last ran"]);
  expect(await commitStages(at.repository, [], from)).toEqual([
    { id: "dvc.yaml:first", isChanged: false },
    { id: "dvc.yaml:last", isChanged: false },
  ]);
  await at.write("dvc.yaml", yaml("cat in > mid"));
  rmSync(join(at.folder, "out"));
  await at.write("out", "written by hand");
  expect(await commitStages(at.repository, ["mid"], from)).toEqual([{ id: "dvc.yaml:first", isChanged: true }]);
  expect(await at.ends([], { dry: true })).toEqual(["first unchanged", expect.not.stringContaining("unchanged")]);
  expect(await commitStages(at.repository, ["last"], from)).toEqual([{ id: "dvc.yaml:last", isChanged: true }]);
  expect(await at.ends()).toEqual(["first unchanged", "last unchanged"]);
  expect(await at.read("out")).toBe("written by hand");
});

it("leaves a stage alone whose outputs are not there, unless it is named", async () => {
  const at = await pipelineFolder({ "dvc.yaml": yaml("cp in mid"), in: "one", mid: "made before" });
  expect(await commitStages(at.repository, [], { folder: at.folder })).toEqual([
    { id: "dvc.yaml:first", isChanged: true },
  ]);
  await expect(commitStages(at.repository, ["out"], { folder: at.folder })).rejects.toMatchObject({
    code: "STAGE_FAILED",
  });
});
