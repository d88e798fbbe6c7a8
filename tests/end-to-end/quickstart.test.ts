import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runCommand } from "../../src/cli/frame/run-command.ts";
import { captureContext } from "../support/captured-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const cwd = temporaryFolder("drawn");

async function run(line: string) {
  const { context, out, err } = captureContext({ cwd });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err() };
}

it("draws its own pictures, says that they are drawn, and draws them once only", async () => {
  const line = "quickstart --no-serve --size 16 --epochs 1";
  const first = await run(line);
  expect(first.err).toBe("");
  expect(first.exitCode).toBe(0);
  expect(first.out).toContain("1. Draw sample pictures of cats and dogs: drawings, not photographs");
  expect(first.out).toContain("1200 pictures in data/samples\n");
  expect(first.out).toMatch(/size +16 x 16 pixels +given\n/);
  expect(first.out).toMatch(/widths +16, 32, 64 +for the sample pictures\n/);
  expect(first.out).toContain("this model knows drawings only");
  expect(await readdir(join(cwd, "data", "samples"))).toEqual(["cat", "dog", "sample-pictures.json"]);
  expect((await run(line)).out).toContain("1200 pictures in data/samples, drawn before\n");
});
