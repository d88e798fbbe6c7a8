import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { writePictureFolder } from "../../../../tests/support/picture-folder.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { unpackEmbeddings } from "../../../bundle/reference-embedding.ts";
import { createOnnxRuntimeExecutor } from "../../../runtime/onnx-runtime.ts";
import { inspectBundle, loadBundle, train } from "../../../wire/library.ts";
import { runCommand } from "../../frame/run-command.ts";

const cwd = temporaryFolder();
beforeAll(async () => {
  await writePictureFolder(join(cwd, "pictures"));
  await train({
    data: join(cwd, "pictures"),
    out: join(cwd, "m.onnx"),
    settings: { size: 8, widths: [8], epochs: 2, batchSize: 8 },
    executor: createOnnxRuntimeExecutor({ threads: 1 }),
  });
});

async function run(line: string) {
  const { context, out, err } = captureContext({ cwd });
  return { exitCode: await runCommand(line.split(" "), context), out: out(), err: err() };
}

describe("pawprint monitor reference", () => {
  it("makes the profile that the training made, and leaves the model as it is", async () => {
    const { exitCode, out } = await run("monitor reference m.onnx --data pictures --out again.onnx --json");
    expect(exitCode).toBe(0);
    const { info } = await inspectBundle(join(cwd, "m.onnx"));
    const made = (await inspectBundle(join(cwd, "again.onnx"))).info;
    expect(JSON.parse(out)).toMatchObject({ split: "test", count: info.reference!.count });
    const { confidences: _, probabilities: _p, embedding, ...sample } = made.reference!.sample;
    expect(info.reference!.sample).toMatchObject(sample);
    // Engines add up in different orders.
    const trained = unpackEmbeddings(info.reference!.sample.embedding!);
    expect(embedding).toMatchObject({ version: 1, lows: { length: 8 } });
    expect(Array.from(unpackEmbeddings(embedding!))).toEqual(Array.from(trained, (value) => expect.closeTo(value, 1)));
    expect({ ...made, reference: 0, digest: 0 }).toEqual({ ...info, reference: 0, digest: 0 });
    // It answers its parity pictures, too.
    await (await loadBundle(join(cwd, "again.onnx"))).close();
  });

  it("is of other pictures where they are given, and overwrites nothing unless told to", async () => {
    const line = "monitor reference m.onnx --data pictures --split all --out all.onnx";
    expect((await run(line)).out).toMatch(/^reference of 48 pictures of 48, accuracy .*\nstatistics: brightness, .*\n/);
    expect((await run(line)).err).toContain("FILE_EXISTS");
    expect((await run(`${line} --force`)).exitCode).toBe(0);
  });

  it("asks for pictures and a new file", async () => {
    expect((await run("monitor reference m.onnx --out x.onnx")).err).toContain("labelled pictures by --data");
    expect((await run("monitor reference m.onnx --data pictures")).err).toContain("--out");
  });
});
