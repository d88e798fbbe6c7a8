import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { writePictureFolder } from "../../../../tests/support/picture-folder.ts";
import { runCommand } from "../../frame/run-command.ts";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "pawprint-rate-"));
  await writePictureFolder(join(cwd, "pictures"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function run(line: string) {
  const { context, out, err } = captureContext({ cwd });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err() };
}

it("names a rate and draws the chart", async () => {
  const { exitCode, out } = await run("find-rate --data pictures --size 8 --widths 8 --steps 60 --json");
  expect(exitCode).toBe(0);
  const { suggestion, points, chart } = JSON.parse(out);
  expect(suggestion).toBeGreaterThan(1e-5);
  expect(points.length).toBeGreaterThan(20);
  expect(await readFile(chart, "utf8")).toMatch(/^<svg/);
  const again = await run("find-rate --data pictures --size 8 --widths 8 --steps 60");
  expect(again.err).toContain("error FILE_EXISTS");
});

it.each([
  ["find-rate", "CLI_USAGE: --data with labelled pictures"],
  ["find-rate --data pictures --from 1 --to 0.1", "CLI_USAGE: a --from below --to"],
  ["find-rate --data nowhere --out other.svg", "FILE_NOT_FOUND"],
  ["find-rate --data pictures --epochs 3", "CLI_USAGE: a flag that this command takes"],
])("%s is refused", async (line, error) => {
  const { exitCode, err } = await run(line);
  expect(err).toContain(`error ${error}`);
  expect(exitCode).not.toBe(0);
});
