import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { writeTrainedFolder } from "../../../../tests/support/trained-folder.ts";
import { runCommand } from "../../frame/run-command.ts";

const cwd = temporaryFolder("quantize-command");
beforeAll(() => writeTrainedFolder(cwd), 60_000);

async function run(line: string) {
  const { context, out, err } = captureContext({ cwd });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err() };
}

const quick = "--data pictures --pictures 8 --threads 1";

describe("pawprint quantize", () => {
  it("writes a bundle where it is the better one, and else says why and ends with 1", async () => {
    const { exitCode, out } = await run(`quantize m.onnx ${quick} --out maybe.onnx --json`);
    const report = JSON.parse(out);
    const latency = {
      batchSize: 32,
      calls: expect.any(Number),
      medianMs: expect.any(Number),
      p95Ms: expect.any(Number),
    };
    expect(report).toMatchObject({
      model: "m.onnx",
      data: "pictures",
      split: "test",
      float: { accuracy: 1, latency: { batch: latency }, sizeBytes: expect.any(Number) },
      int8: { accuracy: 1, latency: { batch: latency } },
      ratio: { speed: expect.any(Number), size: expect.any(Number) },
      quantization: { pictures: 8, layers: 3 },
    });
    // Which of the two it is depends on the machine.
    const isBetter = report.chosen === "int8";
    expect([exitCode, report.reasons.length > 0, report.bundle === undefined]).toEqual([
      isBetter ? 0 : 1,
      !isBetter,
      !isBetter,
    ]);
    expect((await readdir(cwd)).includes("maybe.onnx")).toBe(isBetter);
  });

  it("writes it all the same where it is asked to, and predicts with it", async () => {
    const { exitCode, out } = await run(`quantize m.onnx ${quick} --out int8.onnx --even-if-worse --method minmax`);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/FLOAT +INT8/);
    expect(out).toMatch(/accuracy \(test split\) +100\.00 % +100\.00 % +\+0\.00 points/);
    expect(out).toMatch(/ranges +minmax, from 8 pictures of the train split/);
    expect(out).toMatch(/Written {2}int8\.onnx \(.* kB\)/);
    expect(await run("predict int8.onnx pictures/red")).toMatchObject({ exitCode: 0 });
    expect((await run("inspect int8.onnx")).out).toMatch(
      /quantised +\d of 3 layers in 8 bits, minmax ranges of 8 pictures/,
    );
    expect(await run("explain int8.onnx pictures/red/red.1.png --out heat")).toMatchObject({ exitCode: 0 });
    const twice = await run(`quantize int8.onnx ${quick} --out twice.onnx`);
    expect(twice).toMatchObject({ exitCode: 1, out: "" });
    expect(twice.err).toMatch(/^error QUANTIZATION_UNSUITED: Expected a bundle of floats; got one that is quantised/);
  });

  it.each([
    ["quantize m.onnx --out x.onnx", 2, "CLI_USAGE: Expected labelled pictures by --data; got nothing"],
    ["quantize m.onnx --data pictures", 2, "CLI_USAGE: Expected a value for --out"],
    ["quantize m.onnx --data pictures --out m.onnx", 1, "FILE_EXISTS: Expected a name that is free"],
    [
      "quantize m.onnx --data strange --out x.onnx",
      1,
      "DATASET_LABELS_DIFFER: Expected pictures of the bundle's classes",
    ],
    ["quantize m.onnx --data pictures --out x.onnx --max-loss 2", 2, "CLI_USAGE: Expected a number from 0 to 1"],
    ["quantize plain.onnx --data pictures --out x.onnx", 1, "MODEL_UNREADABLE"],
  ])("%s ends with %i", async (line, exitCode, message) => {
    await writeFile(join(cwd, "plain.onnx"), "plain");
    const result = await run(line);
    expect(result.exitCode).toBe(exitCode);
    expect(result.err).toContain(`error ${message}`);
  });
});
