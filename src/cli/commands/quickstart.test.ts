import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writePictureFolder } from "../../../tests/support/picture-folder.ts";
import { captureContext } from "../captured-context.ts";
import { runCommand } from "../run-command.ts";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "pawprint-quickstart-"));
  await writePictureFolder(join(cwd, "pictures"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function run(line: string) {
  const { context, out, err } = captureContext({ cwd });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err() };
}

describe("pawprint quickstart on pictures of one's own", () => {
  it("explains each step and ends with predictions and what to do next", async () => {
    const { exitCode, out } = await run("quickstart --data pictures --size 8 --epochs 2 --threads 1");
    expect(exitCode).toBe(0);
    const steps = [...out.matchAll(/^(\d)\. (\w+)/gm)].map(([, number, verb]) => `${number} ${verb}`);
    expect(steps).toEqual(["1 Decode", "2 Train", "3 Evaluate", "4 Write", "5 Open"]);
    expect(out).not.toContain("drawings");
    expect(out).toMatch(/\nblue\/blue\.\d+\.png {2}(blue|red) .* % {2}(right|wrong: it is blue)\n/);
    expect(out).toContain("predict models/quickstart.onnx PICTURE_OR_FOLDER");
    expect(out).toContain("Serving over HTTP is not part of this version yet");
    expect(await readdir(join(cwd, "models"))).toEqual(["quickstart.onnx"]);
  });

  it("writes its own bundle anew, and ends where --no-serve says so without a word about it", async () => {
    const { exitCode, out } = await run("quickstart --data pictures --size 8 --epochs 1 --threads 1 --no-serve");
    expect(exitCode).toBe(0);
    expect(out).not.toContain("Serving");
    const json = await run("quickstart --data pictures --size 8 --epochs 1 --threads 1 --json");
    const result = JSON.parse(json.out);
    expect(result).toMatchObject({ sampleData: false, labels: ["blue", "red"] });
    expect(result.predictions.length).toBeGreaterThan(1);
    expect(result.predictions[0]).toMatchObject({ truth: "blue", prediction: { probabilities: expect.anything() } });
  });

  it("refuses data that is not there", async () => {
    expect(await run("quickstart --data nowhere")).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining("error FILE_NOT_FOUND"),
    });
  });
});
