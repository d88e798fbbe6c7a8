import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { tinyExecutor, tinyModel, tinyReference } from "../../../../tests/support/tiny-bundle.ts";
import { exportBundle } from "../../../bundle/export-bundle.ts";
import { logBundle } from "../../../bundle/mlflow-model/log-bundle.ts";
import { openModelRegistry, openRunStore } from "../../../wire/tracking.ts";
import { runCommand } from "../../frame/run-command.ts";

const folder = temporaryFolder("card");
const path = join(folder, "models.onnx");

beforeAll(async () => {
  const model = tinyModel();
  const bundle = await exportBundle({ ...model, path, executor: tinyExecutor, reference: await tinyReference(model) });
  const access = { kind: "folder", folder: join(folder, "runs") } as const;
  const store = await openRunStore(access);
  const { id: experimentId } = await store.ensureExperiment("pets");
  const run = await store.createRun({ experimentId, name: "quiet-fox", startedMs: 1000 });
  await store.logBatch(run.id, { params: new Map([["epochs", "3"]]) });
  const logged = await logBundle(store, run, bundle);
  await store.close();
  const registry = await openModelRegistry(access);
  await registry.ensureModel("cats");
  const source = { source: `models:/${logged!.id}`, runId: run.id, modelId: logged!.id };
  for (let version = 0; version < 2; version++) await registry.createVersion("cats", source);
  await registry.setAlias("cats", "champion", "1");
  await registry.close();
});

const run = async (...words: string[]) => {
  const captured = captureContext({ cwd: folder });
  const code = await runCommand(["models", "card", ...words], captured.context);
  return { code, out: captured.out(), err: captured.err() };
};
const text = (name: string) => readFile(join(folder, name), "utf8");

describe("pawprint models card", () => {
  it("writes the card of a version with its run, and lists what people must write", async () => {
    const { code, out, err } = await run("cats@champion", "--out", "CARD.md", "--html", "pages/card.html");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toBe(
      "Written  CARD.md\nWritten  pages/card.html\n" +
        "To be written by you  5 sections: Intended use, Out of scope, Data, Limits, Licence\n",
    );
    const card = await text("CARD.md");
    expect(card).toContain("| Version | `models:/cats/1` |");
    expect(card).toContain("| epochs | 3 |");
    expect(card).toContain("(run quiet-fox, RUNNING)");
    expect(await text("pages/card.html")).toContain("<code>models:/cats/1</code>");
  });

  it("brings a card that is there up to date, with slices", async () => {
    await writeFile(join(folder, "CARD.md"), (await text("CARD.md")).replace(/_To be written: under.*_/, "MIT."));
    const slice = { dimension: "class", name: "fox", count: 4, accuracy: 0.5, isWorse: false };
    await writeFile(join(folder, "evaluation.json"), JSON.stringify({ split: "test", slices: [slice] }));
    const { out } = await run("cats", "--out", "CARD.md", "--evaluation", "evaluation.json", "--json");
    expect(JSON.parse(out)).toMatchObject({
      model: "models:/cats/2",
      out: "CARD.md",
      unwritten: ["Intended use", "Out of scope", "Data", "Limits"],
    });
    const card = await text("CARD.md");
    expect(card).toContain("MIT.");
    expect(card).toContain("| Version | `models:/cats/2` |");
    expect(card).toContain("| class | fox | 4 | 50.0 % |  |");
  });

  it("prints the card of a bundle's file, known to no store", async () => {
    const { out } = await run("models.onnx", "--tracking-uri", join(folder, "elsewhere"));
    expect(out).toContain("# Model card: models\n");
    expect(out).toContain("| Accuracy | 75.0 % |");
  });

  it("leaves a file that is no card, and refuses JSON that is no evaluation", async () => {
    await writeFile(join(folder, "README.md"), "# Pets\n");
    expect(await run("cats", "--out", "README.md")).toMatchObject({
      code: 1,
      err: expect.stringContaining("got other text (README.md)"),
    });
    expect(await text("README.md")).toBe("# Pets\n");
    for (const [name, content] of [
      ["a.json", "{}"],
      ["b.json", "no"],
    ] as const) {
      await writeFile(join(folder, name), content);
      const { code, err } = await run("cats", "--evaluation", name);
      expect(code).toBe(2);
      expect(err).toContain(`for --evaluation; got other ${name === "a.json" ? "JSON" : "text"} (${name})`);
    }
    expect(await run("dogs")).toMatchObject({ code: 1, err: expect.stringContaining("MODEL_NOT_REGISTERED") });
  });
});
