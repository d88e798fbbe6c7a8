import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { registeredModels } from "../../../../tests/support/registered-models.ts";
import { startService } from "../../../../tests/support/running-service.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { runCommand } from "../../frame/run-command.ts";
import { commands } from "../table.ts";

async function opened() {
  const cwd = temporaryFolder("promotion");
  const models = await registeredModels({ kind: "folder", folder: join(cwd, "runs") });
  const run = async (...line: string[]) => {
    const { context, out, err } = captureContext({ cwd });
    const code = await runCommand(line, context, commands);
    return { code, out: out(), err: err() };
  };
  return { cwd, models, run };
}

describe("pawprint models promote, rollback and history", () => {
  it("promote, show and take back", async () => {
    const { models, run } = await opened();
    for (const seed of [1, 2]) await models.register("pets", { seed });
    const first = await run("models", "promote", "pets", "1", "--reason", "the first\nof all");
    expect([first.code, first.err]).toEqual([0, ""]);
    expect(first.out).toContain("pass  load         loads, and answers as it was exported");
    expect(first.out).toContain("pets 1 is now champion");
    expect((await run("models", "promote", "pets", "1")).out).toContain("pets 1 is champion already: nothing to do");

    const second = await run("models", "promote", "pets", "2");
    expect(second.code).toBe(1);
    expect(second.out).toContain("fail  comparison  ");
    expect(second.err).toMatch(/^error PROMOTION_REFUSED: Expected a version that passes every gate; got comparison/);
    expect(second.err).toContain("with --force and a --reason, which are kept");
    const json = JSON.parse((await run("models", "promote", "pets", "2", "--json")).out);
    expect(json).toMatchObject({ outcome: "refused", error: { code: "PROMOTION_REFUSED" } });
    expect(json.gates).toHaveLength(9);

    const forced = await run("models", "promote", "pets", "2", "--force", "--reason", "a demo");
    expect(forced.out).toContain("pets 2 is now champion, in the place of version 1; forced, although gates failed");
    const back = await run("models", "rollback", "pets", "--reason", "it was one");
    expect(back.out).toContain("champion is pets 1 again, in the place of version 2");
    const history = await run("models", "history", "pets");
    expect(history.out).toContain("champion is version 1");
    expect(history.out).toMatch(/3 .* 2 → 1 +rolled back .* it was one\n2 .* 1 → 2 +forced: comparison, slices/);
    expect(history.out).toContain("the first\\nof all");
    expect(JSON.parse((await run("models", "history", "pets", "--json")).out).aliases[0].moves).toHaveLength(3);
  });

  it("take limits from the file, and flags over it", async () => {
    const { cwd, models, run } = await opened();
    await models.register("pets");
    await writeFile(join(cwd, "pawprint.yaml"), "promotion:\n  maxSizeBytes: 10\n");
    expect((await run("models", "promote", "pets", "1")).err).toContain("above 10 bytes");
    expect((await run("models", "promote", "pets", "1", "--max-size-bytes", "1000000")).code).toBe(0);
    await writeFile(join(cwd, "pawprint.yaml"), "promotion:\n  minAccuracy: 95\n");
    expect((await run("models", "promote", "pets", "1")).err).toContain("CONFIG_INVALID");
  });

  it("say what is missing", async () => {
    const { models, run } = await opened();
    await models.register("pets");
    expect((await run("models", "rollback", "pets")).err).toContain("MODEL_VERSION_NOT_FOUND");
    expect((await run("models", "history", "pets")).out).toBe("No alias of pets was ever moved\n");
    expect((await run("models", "history", "birds")).err).toContain("MODEL_NOT_REGISTERED");
    expect((await run("models", "promote", "pets", "1", "--force")).err).toContain("give --reason");
  });
});

describe("pawprint models lineage and trace", () => {
  it("lineage shows the chain, as text and as Mermaid", async () => {
    const { models, run } = await opened();
    await models.register("pets");
    const text = await run("models", "lineage", "pets/1");
    expect(text.out).toMatch(/^version pets\/1: registered .*\n├─ bundle [0-9a-f]{12}: sha256 /);
    expect(text.out).toContain("pictures drawn samples");
    expect((await run("models", "lineage", "pets/1", "--mermaid")).out).toMatch(/^flowchart LR\n {2}n0\["bundle /);
  });

  it("trace finds what serves among the models, and shows what the service says of the rest", async () => {
    const { models, run } = await opened();
    const service = await startService();
    try {
      const unknown = await run("trace", service.origin);
      expect([unknown.code, unknown.err]).toEqual([0, ""]);
      expect(unknown.out).toMatch(
        /^service http:\/\/.*: role champion, source .*\n├─ code pawprint .*\n└─ bundle [0-9a-f]{12}: /,
      );
      expect(unknown.out).toContain("pictures drawn samples");

      await models.registerFile("pets", join(service.folder, "model.onnx"));
      await models.registry.setAlias("pets", "champion", "1");
      const known = await run("trace", service.origin);
      expect(known.out).toContain("Also: version pets/1, alias pets@champion");
      const graph = JSON.parse((await run("trace", service.origin, "--json")).out);
      expect(graph.nodes.map(({ kind }: { kind: string }) => kind)).toContain("alias");
    } finally {
      await service.close();
    }
    expect((await run("trace", "http://127.0.0.1:9")).err).toContain("SERVICE_UNREACHABLE");
  });
});
