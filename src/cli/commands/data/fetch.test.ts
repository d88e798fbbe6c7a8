import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { runCommand } from "../../frame/run-command.ts";

async function run(line: string) {
  const captured = captureContext({ cwd: await mkdtemp(join(tmpdir(), "pawprint-fetch-")) });
  const exitCode = await runCommand(line.split(" "), captured.context);
  return { ...captured, exitCode };
}

describe("pawprint data fetch", () => {
  it("lists the sets with their sizes and licences", async () => {
    const { exitCode, out } = await run("data fetch");
    expect(exitCode).toBe(0);
    expect(out()).toMatch(/mnist\s+11\.\d MB\s+MNIST: 70,000 handwritten digits/);
    expect(out()).toMatch(/cats-vs-dogs\s+[\d.]+ .?.?B .*not to be passed on/);
  });

  it("gives the list as JSON", async () => {
    const { out } = await run("data fetch --json");
    expect(Object.keys(JSON.parse(out()).sets)).toEqual(["mnist", "cats-vs-dogs"]);
  });

  it("refuses a name that no set has as a wrong command line", async () => {
    const { exitCode, err } = await run("data fetch cifar");
    expect(exitCode).toBe(2);
    expect(err()).toContain("one of the sets mnist, cats-vs-dogs; got 'cifar'");
  });

  it("touches no file of the same name that is another one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pawprint-fetch-"));
    await mkdir(join(folder, "here"));
    await writeFile(join(folder, "here", "train-images-idx3-ubyte.gz"), "mine");
    const captured = captureContext({ cwd: folder });
    expect(await runCommand(["data", "fetch", "mnist", "--to", "here"], captured.context)).toBe(1);
    expect(captured.err()).toContain("FILE_EXISTS");
  });
});
