import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { failureOf } from "../../tests/support/failure-of.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { compareProject, initProject } from "./init-project.ts";
import { projectFiles } from "./project-files.ts";

const values = { name: "my-pets", pawprint: "^1.0.0" };

describe("a new project", () => {
  it("has every file, with its values, and scripts that can be executed", async () => {
    const folder = join(temporaryFolder("project"), "my-pets");
    const { written, kept } = await initProject(folder, values);
    expect(kept).toEqual([]);
    expect(written).toEqual((await projectFiles(values)).map(({ path }) => path));
    expect(written).toEqual(expect.arrayContaining([".dvc/config", ".gitignore", ".npmrc", "dvc.yaml", "README.md"]));
    for (const path of written) expect(fs.readFileSync(join(folder, path), "utf8")).not.toMatch(/@[a-z]+@/);
    expect(JSON.parse(fs.readFileSync(join(folder, "package.json"), "utf8"))).toMatchObject({
      name: "my-pets",
      dependencies: { pawprint: "^1.0.0" },
    });
    expect(Object.keys(parse(fs.readFileSync(join(folder, "dvc.yaml"), "utf8")).stages)).toEqual([
      "train",
      "evaluate",
      "register",
    ]);
    expect(fs.statSync(join(folder, "scripts/smoke-test.sh")).mode & 0o111).not.toBe(0);
  });

  it("asks for any package without leaving its JSON", async () => {
    const pawprint = 'file:../a "b", \\c@name@.tgz';
    const file = (await projectFiles({ name: "my-pets", pawprint })).find(({ path }) => path === "package.json")!;
    expect(JSON.parse(file.text).dependencies).toEqual({ pawprint, yaml: expect.any(String) });
  });

  it("touches nothing that is there, links and folders included", async () => {
    const folder = temporaryFolder("project");
    const elsewhere = join(temporaryFolder("elsewhere"), "file");
    fs.writeFileSync(elsewhere, "mine");
    fs.writeFileSync(join(folder, "README.md"), "mine");
    fs.symlinkSync(elsewhere, join(folder, "params.yaml"));
    fs.symlinkSync(join(folder, "nowhere"), join(folder, "dvc.yaml"));
    const { written, kept } = await initProject(folder, values);
    expect(kept).toEqual(["README.md", "dvc.yaml", "params.yaml"]);
    expect(written).not.toContain("README.md");
    expect(fs.readFileSync(join(folder, "README.md"), "utf8")).toBe("mine");
    expect(fs.readFileSync(elsewhere, "utf8")).toBe("mine");
    expect(fs.existsSync(join(folder, "nowhere"))).toBe(false);
    expect((await initProject(folder, values)).written).toEqual([]);
  });

  it("is compared with what this version makes, and nothing is written", async () => {
    const folder = temporaryFolder("project");
    await initProject(folder, values);
    expect(await compareProject(folder, values)).toEqual([]);
    fs.appendFileSync(join(folder, "params.yaml"), "mine: 1\n");
    fs.rmSync(join(folder, "dvc.yaml"));
    const differences = await compareProject(folder, values);
    expect(differences.map(({ path, state }) => [path, state])).toEqual([
      ["dvc.yaml", "missing"],
      ["params.yaml", "changed"],
    ]);
    expect(differences[1]!.patch).toContain("\n-mine: 1\n");
    expect(fs.existsSync(join(folder, "dvc.yaml"))).toBe(false);
  });

  it.each(["", "My-Pets", "-pets", "pets-", "../pets", "pets\n", "a".repeat(41), "pawprint"])(
    "is refused under the name %j",
    async (name) => {
      const error = await failureOf(initProject(temporaryFolder("project"), { ...values, name }));
      expect(error.code).toBe("CONFIG_INVALID");
      expect(error.message).toMatch(/^Expected a project name .*; got /s);
    },
  );
});
