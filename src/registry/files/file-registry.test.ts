import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { describeModelRegistry } from "../../../tests/contracts/model-registry.ts";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { openFileRegistry } from "./file-registry.ts";

describeModelRegistry("a folder", async () => {
  const folder = join(temporaryFolder("registry"), "runs");
  return { registry: await openFileRegistry(folder), again: () => openFileRegistry(folder) };
});

const source = "models:/m-1ffa72e7c235490e9e90c1b995406852";

async function opened() {
  const folder = temporaryFolder("registry");
  const registry = await openFileRegistry(folder);
  const model = join(folder, "models", "cats-dogs");
  return { folder, registry, model };
}

/** A registry as MLflow's own folder store writes it. */
async function writeByMlflow(folder: string): Promise<void> {
  const model = join(folder, "models", "cats-dogs");
  for (const part of ["aliases", "tags", "version-1/tags", "version-2", "version-3"]) {
    await mkdir(join(model, part), { recursive: true });
  }
  const lines = (values: object): string =>
    Object.entries(values)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join("");
  const shared = { name: "cats-dogs", workspace: "default", last_updated_timestamp: 1795854956802 };
  const meta = { ...shared, aliases: "\n  champion: '7'", creation_timestamp: 1795854956387, description: "of cats" };
  await writeFile(join(model, "meta.yaml"), lines(meta));
  await writeFile(join(model, "aliases", "champion"), "1");
  await writeFile(join(model, "tags", "rk"), "rv");
  await writeFile(join(model, "version-1", "tags", "k"), "v");
  const version = {
    ...shared,
    creation_timestamp: 1,
    current_stage: "None",
    run_id: "1e345678901234567890123456789012",
  };
  const first = { ...version, description: "null", version: 1, source, model_id: "m-1ffa72e7c235490e9e90c1b995406852" };
  await writeFile(join(model, "version-1", "meta.yaml"), lines(first));
  const deleted = { ...version, version: 2, source, current_stage: "Deleted_Internal" };
  await writeFile(join(model, "version-2", "meta.yaml"), lines(deleted));
}

describe("a registry in a folder", () => {
  it("reads what MLflow wrote: aliases from their files, ids as texts, no deleted and no half-written version", async () => {
    const { folder, registry } = await opened();
    await writeByMlflow(folder);
    expect(await registry.findModel("cats-dogs")).toEqual({
      name: "cats-dogs",
      description: "of cats",
      createdMs: 1795854956387,
      updatedMs: 1795854956802,
      tags: new Map([["rk", "rv"]]),
      aliases: new Map([["champion", "1"]]),
    });
    expect(await registry.listVersions("cats-dogs")).toEqual([
      {
        name: "cats-dogs",
        version: "1",
        description: "",
        createdMs: 1,
        updatedMs: 1795854956802,
        source,
        runId: "1e345678901234567890123456789012",
        modelId: "m-1ffa72e7c235490e9e90c1b995406852",
        tags: new Map([["k", "v"]]),
        aliases: ["champion"],
      },
    ]);
    expect((await failureOf(registry.getVersion("cats-dogs", "2"))).code).toBe("MODEL_VERSION_NOT_FOUND");
    expect((await registry.createVersion("cats-dogs", { source })).version).toBe("4");
  });

  it("keeps what it does not know when it changes a file", async () => {
    const { folder, registry, model } = await opened();
    await writeByMlflow(folder);
    await registry.describeVersion("cats-dogs", "1", "yes");
    const meta = parse(await readFile(join(model, "version-1", "meta.yaml"), "utf8"));
    expect(meta).toMatchObject({ workspace: "default", description: "yes", version: 1, current_stage: "None" });
    expect(meta.run_id).toBe("1e345678901234567890123456789012");
  });

  it("leaves nothing beside what MLflow knows", async () => {
    const { folder, registry, model } = await opened();
    await registry.ensureModel("cats-dogs");
    await registry.createVersion("cats-dogs", { source, tags: new Map([["k", "v"]]) });
    await registry.setAlias("cats-dogs", "champion", "1");
    await registry.setModelTag("cats-dogs", "k", "v");
    expect(await readdir(folder)).toEqual(["models"]);
    expect((await readdir(model, { recursive: true })).sort()).toEqual([
      "aliases",
      "aliases/champion",
      "meta.yaml",
      "tags",
      "tags/k",
      "version-1",
      "version-1/meta.yaml",
      "version-1/tags",
      "version-1/tags/k",
    ]);
  });

  it("passes over prompts, files and folders that are no models", async () => {
    const { folder, registry } = await opened();
    await registry.ensureModel("cats-dogs");
    await registry.ensureModel("a prompt");
    await registry.setModelTag("a prompt", "mlflow.prompt.is_prompt", "true");
    await mkdir(join(folder, "models", "half written"));
    await mkdir(join(folder, "models", "50%"));
    await writeFile(join(folder, "models", "50%", "meta.yaml"), "name: 50%\n");
    await writeFile(join(folder, "models", "notes.txt"), "x");
    await writeFile(join(folder, "models", "cats-dogs", "aliases"), "no folder");
    expect((await registry.listModels()).map(({ name }) => name)).toEqual(["cats-dogs"]);
    expect((await registry.ensureModel("half written")).created).toBe(true);
  });

  it("says which file is damaged, and lets other models be", async () => {
    const { registry, model } = await opened();
    await registry.ensureModel("birds");
    for (const text of ["", "a list", "a: [", "a: 1\na: 2\n", "[".repeat(100_000), "\0\0\0"]) {
      await rm(model, { recursive: true, force: true });
      await registry.ensureModel("cats-dogs");
      await writeFile(join(model, "meta.yaml"), text);
      const failure = await failureOf(registry.findModel("cats-dogs"));
      expect([failure.code, failure.where]).toEqual(["RUN_STORE_INVALID", join(model, "meta.yaml")]);
    }
    expect((await registry.findModel("birds"))?.name).toBe("birds");
  });

  it("takes no damaged alias for a version, and shows nothing of what a link leads to", async () => {
    const { folder, registry, model } = await opened();
    await registry.ensureModel("cats-dogs");
    await registry.createVersion("cats-dogs", { source });
    await registry.setAlias("cats-dogs", "champion", "1");
    await writeFile(join(folder, "secret"), "a password");
    await writeFile(join(model, "aliases", "empty"), "");
    await symlink(join(folder, "secret"), join(model, "aliases", "linked"));
    await mkdir(join(model, "tags"));
    await symlink(join(folder, "secret"), join(model, "tags", "linked"));
    await symlink(folder, join(folder, "models", "linked"));
    const found = await registry.findModel("cats-dogs");
    expect([found?.aliases, found?.tags]).toEqual([new Map([["champion", "1"]]), new Map()]);
    for (const alias of ["empty", "linked"]) {
      const failure = await failureOf(registry.resolveAlias("cats-dogs", alias));
      expect([failure.code, failure.message.includes("password")]).toEqual(["RUN_STORE_INVALID", false]);
    }
    expect(await registry.listModels()).toHaveLength(1);
  });
});
