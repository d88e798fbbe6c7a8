import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { writePictureFolder } from "../../../../tests/support/picture-folder.ts";
import { runCommand } from "../../frame/run-command.ts";

let cwd = "";
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "pawprint-folders-"));
  await writePictureFolder(join(cwd, "pictures"));
});

async function run(line: string) {
  const captured = captureContext({ cwd });
  const exitCode = await runCommand(line.split(" "), captured.context);
  return { ...captured, exitCode };
}

describe("pawprint data import", () => {
  it("makes data/raw, counts the classes and says what comes next", async () => {
    const { exitCode, out } = await run("data import pictures");
    expect(exitCode).toBe(0);
    expect(out()).toMatch(/Imported {2}\d+ pictures, .* into data\/raw/);
    expect(out()).toContain("pawprint train --data data/raw");
    expect((await readdir(join(cwd, "data", "raw"))).length).toBeGreaterThan(1);
  });

  it("prints with -q what is to be read: the manifest where folders do not tell all labels", async () => {
    expect((await run("data import pictures -q")).out()).toBe("data/raw\n");
    await writeFile(join(cwd, "l.csv"), "path,label\npictures/red/red.0.png,a:b\npictures/blue/blue.0.png,cat\n");
    expect((await run("data import l.csv -q --to other")).out()).toBe("other/labels.csv\n");
  });

  it("warns of a class that is gone, and fails where all are", async () => {
    await writeFile(join(cwd, "l.csv"), "path,label\npictures/red/red.0.png,red\ngone.png,cat\n");
    const { exitCode, logged } = await run("data import l.csv");
    expect(exitCode).toBe(0);
    expect(logged.map(({ message }) => message)).toContain("class cat is missing: its picture was skipped");
    await writeFile(join(cwd, "l.csv"), "path,label\ngone.png,red\nlost.png,cat\n");
    const empty = await run("data import l.csv --to none");
    expect(empty.exitCode).toBe(1);
    expect(empty.err()).toContain(
      "error DATASET_EMPTY: Expected pictures that can be read; got no picture that can be",
    );
    expect((await readdir(cwd)).filter((name) => name.startsWith("none"))).toEqual([]);
  });

  it("refuses a folder that holds something, unless forced", async () => {
    await mkdir(join(cwd, "there"));
    await writeFile(join(cwd, "there", "mine.txt"), "mine");
    const refused = await run("data import pictures --to there --json");
    expect(refused.exitCode).toBe(1);
    expect(JSON.parse(refused.out()).error).toMatchObject({ code: "FILE_EXISTS" });
    expect((await run("data import pictures --to there --force")).exitCode).toBe(0);
    expect(await readdir(join(cwd, "there"))).not.toContain("mine.txt");
  });
});

describe("pawprint data pack", () => {
  it("makes a pack that train takes, and decodes nothing the second time", async () => {
    const first = await run("data pack pictures --size 32 --json");
    expect(first.exitCode).toBe(0);
    const { location, recipe, pictures } = JSON.parse(first.out());
    expect(recipe).toMatchObject({ width: 32, height: 32 });
    expect(location).toBe(join(cwd, "data", "processed", "pictures"));
    const second = await run("data pack pictures --size 32");
    expect(second.logged[0]?.message).toBe(`${pictures} pictures are as they were; nothing was decoded of them`);
    expect(second.out()).toContain("pawprint train --data data/processed/pictures");
    const trained = await run("train --data data/processed/pictures --epochs 1 --widths 4 --out models/p.onnx --json");
    expect(trained.exitCode).toBe(0);
  });

  it("is not trained from at another size than its own", async () => {
    await run("data pack pictures --size 32");
    const { exitCode, err } = await run("train --data data/processed/pictures --size 16 --epochs 1");
    expect(exitCode).toBe(2);
    expect(err()).toContain("the recipe that the pack was made by: 32 x 32");
  });
});
