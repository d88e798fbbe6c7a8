import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { petModel } from "../../../../tests/support/running-service.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { writeUntrainedBundle } from "../../../../tests/support/untrained-bundle.ts";
import { drawSamplePicture, sampleLabels } from "../../../image/sample-pictures.ts";
import { runCommand } from "../../frame/run-command.ts";

const cwd = temporaryFolder();
beforeAll(async () => {
  await writeUntrainedBundle(petModel, join(cwd, "pets.onnx"));
  await writeFile(join(cwd, "cat.jpg"), await drawSamplePicture({ label: "cat", seed: 1, sizePx: 64 }));
  await writeFile(join(cwd, "torn.jpg"), "torn");
});

async function run(line: string) {
  const { context, out, err } = captureContext({ cwd });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err() };
}

it("names the files that it leaves out of a folder, as predict does", async () => {
  await mkdir(join(cwd, "some"));
  await writeFile(join(cwd, "some", "cat.jpg"), await readFile(join(cwd, "cat.jpg")));
  await writeFile(join(cwd, "some", "notes.txt"), "notes");
  const { context, logged } = captureContext({ cwd });
  await runCommand(["explain", "pets.onnx", "some", "--out", "some-maps"], context);
  expect(logged.map(({ message }) => message).join("\n")).toContain("notes.txt");
});

it("writes a heat map for the predicted class, and another one for another class", async () => {
  const { exitCode, out } = await run("explain pets.onnx cat.jpg --json");
  expect(exitCode).toBe(0);
  const [result] = JSON.parse(out).results;
  const nameOf = ({ label, probability }: { label: string; probability: number }) =>
    `cat.${label}-${probability.toFixed(3)}.heat.png`;
  expect(result.out).toBe(join(cwd, "heat-maps", nameOf(result)));
  expect(result.probability).toBeGreaterThanOrEqual(0.5);
  expect((await sharp(result.out).metadata()).format).toBe("png");
  const other = petModel.labels.find((label) => label !== result.label)!;
  const [second] = JSON.parse((await run(`explain pets.onnx cat.jpg --class ${other} --json`)).out).results;
  expect(second).toMatchObject({ label: other, predicted: result.label });
  expect(await readdir(join(cwd, "heat-maps"))).toEqual([nameOf(result), nameOf(second)].sort());
  const maps = await Promise.all([result.out, second.out].map((path) => readFile(path)));
  expect(maps[0]!.equals(maps[1]!)).toBe(false);
  const again = await run("explain pets.onnx cat.jpg");
  expect(again.err).toContain("error FILE_EXISTS");
  expect((await run("explain pets.onnx cat.jpg --force")).exitCode).toBe(0);
});

it("goes on behind a picture that cannot be read, and ends with 1", async () => {
  const { exitCode, out } = await run("explain pets.onnx torn.jpg nowhere.jpg cat.jpg --out mixed");
  expect(exitCode).toBe(1);
  expect(out).toMatch(/^torn\.jpg {2}IMAGE_UNREADABLE: .*\nnowhere\.jpg {2}FILE_NOT_FOUND: .*\ncat\.jpg {2}(cat|dog) /);
  expect(await readdir(join(cwd, "mixed"))).toEqual([expect.stringMatching(/^cat\.(cat|dog)-0\.\d{3}\.heat\.png$/)]);
});

it.each([
  ["explain pets.onnx", "CLI_USAGE: Expected PICTURES (picture files and folders); got nothing"],
  ["explain pets.onnx cat.jpg --class fox", "CLI_USAGE: Expected a label, or an index from 0 to 1, for --class"],
  ["explain nowhere.onnx cat.jpg", "FILE_NOT_FOUND"],
])("%s is refused", async (line, error) => {
  const { exitCode, err } = await run(line);
  expect(err).toContain(`error ${error}`);
  expect(exitCode).not.toBe(0);
});

it("gives every picture of a dataset a map of its own", async () => {
  for (const label of sampleLabels) {
    await mkdir(join(cwd, "set", label), { recursive: true });
    await writeFile(join(cwd, "set", label, "1.jpg"), await drawSamplePicture({ label, seed: 1, sizePx: 64 }));
  }
  expect((await run("explain pets.onnx set --out maps")).exitCode).toBe(0);
  expect((await readdir(join(cwd, "maps"))).map((name) => name.split(".jpg.")[0])).toEqual(["cat-1", "dog-1"]);
});
