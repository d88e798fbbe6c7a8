import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { writePictureFolder } from "../../../../tests/support/picture-folder.ts";
import { runCommand } from "../../frame/run-command.ts";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "pawprint-data-preview-"));
  await writePictureFolder(join(cwd, "pictures"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function run(line: string) {
  const { context, out, err } = captureContext({ cwd });
  const exitCode = await runCommand(["data", "preview", ...line.split(" ")], context);
  return { exitCode, out: out(), err: err() };
}

const small = "--size 8 --threads 1 --count 3 --variants 2";

describe("pawprint data preview", () => {
  it("writes a sheet with a row for each picture, and says what the variants are made by", async () => {
    const { exitCode, out } = await run(`pictures ${small} --rotation-degrees 20`);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/size +8 x 8 pixels +given\n/);
    expect(out).toMatch(/augmentation +shift 1 px, zoom 0\.15, rotation 20 degrees, .* +given\n/);
    expect(out).toContain("Sheet  preview.png: 3 pictures of 8 x 8 pixels, 2 variants of each\n");
    expect(out).toContain("Next: pawprint train --data pictures, with the settings that you chose\n");
    const { format, width, height } = await sharp(await readFile(join(cwd, "preview.png"))).metadata();
    expect(format).toBe("png");
    const other = await run(`pictures ${small} --layout classes --out other.png`);
    expect(other.out).toContain("Next: pawprint train --data pictures --layout classes, with");
    // Three columns and three rows of pictures that are drawn at 96 pixels.
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(3 * 96);
  });

  it("gives the captions of each row as JSON, and makes folders on the way to its file", async () => {
    const { exitCode, out } = await run(`pictures ${small} --cutmix 1 --seed 4 --out sheets/mixed.png --json`);
    expect(exitCode).toBe(0);
    const result = JSON.parse(out);
    expect(result).toMatchObject({
      path: join(cwd, "sheets/mixed.png"),
      recipe: { width: 8, channels: 3 },
      skipped: [],
    });
    expect(result.rows.map(({ label }: { label: string }) => label)).toEqual(["blue", "red", "blue"]);
    for (const { captions, label } of result.rows) {
      expect(captions).toHaveLength(3);
      expect(captions[0]).toBe(label);
    }
  });

  it.each([
    ["pictures --out taken.png", 1, "FILE_EXISTS: Expected a name that is free", "give --force to replace it"],
    [
      "pictures --out a.png --channels 1 --hue 0.1",
      2,
      "CONFIG_INVALID: Expected pictures of 3 channels, since hue changes colours",
      "--channels 3",
    ],
    ["pictures --split tset", 2, "CLI_USAGE: Expected one of train, val, test for --split", "did you mean test?"],
    ["pictures --variants 0", 2, "CLI_USAGE: Expected a whole number from 1 to 64 for --variants", ""],
    ["nowhere --out a.png", 1, "FILE_NOT_FOUND: ", ""],
  ])("refuses %s", async (line, exitCode, error, hint) => {
    await writeFile(join(cwd, "taken.png"), "old");
    const answer = await run(`${line} --size 8 --threads 1`);
    expect(answer.err).toContain(`error ${error}`);
    expect(answer.err).toContain(hint);
    expect(answer.exitCode).toBe(exitCode);
    expect(await readFile(join(cwd, "taken.png"), "utf8")).toBe("old");
  });

  it("takes the place of a file with --force", async () => {
    await writeFile(join(cwd, "old.png"), "old");
    expect((await run(`pictures ${small} --out old.png --force`)).exitCode).toBe(0);
    expect((await readFile(join(cwd, "old.png"))).subarray(1, 4).toString()).toBe("PNG");
  });
});
