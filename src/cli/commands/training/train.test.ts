import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { writeIdxFolder, writePictureFolder } from "../../../../tests/support/picture-folder.ts";
import { interruption } from "../../../base/cancel.ts";
import { openFileRunStore } from "../../../tracking/files/file-run-store.ts";
import { type HostContext, runCommand } from "../../frame/run-command.ts";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "pawprint-train-"));
  await writePictureFolder(join(cwd, "pictures"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function run(line: string, overrides: Partial<HostContext> = {}) {
  const { context, out, err, logged } = captureContext({ cwd, ...overrides });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err(), logged };
}

const quick = "--size 8 --widths 8 --epochs 2 --batch-size 8 --learning-rate 0.02 --threads 1";

/** The message with this run's folder left out. */
const shown = (text: string) => text.replaceAll(`${cwd}/`, "");

describe("pawprint train", () => {
  it("prints the data, the choices with reasons, each epoch, the evaluation and the next command", async () => {
    const { exitCode, out, logged } = await run(`train --data pictures ${quick} --out models/a.onnx`);
    expect(exitCode).toBe(0);
    expect(shown(out)).toContain("Data  pictures: a folder of pictures\n");
    expect(out).toMatch(/CLASS +TRAIN +VALIDATE +TEST\nblue +\d+ +\d+ +\d+\nred /);
    expect(out).toMatch(/size +8 x 8 pixels +given\n/);
    expect(out).toMatch(/channels +3 \(colour\) +photographs have colours\n/);
    expect(out).toMatch(/Accuracy on the test split: \d+\.\d\d % {2}\(95 % interval .* to .* %\)/);
    expect(out).toMatch(/CLASS +PICTURES +PRECISION +RECALL +F1\nblue /);
    expect(out).toMatch(/Confusion .*\n +blue +red\nblue +\d+ +\d+\nred +\d+ +\d+\n/);
    expect(out).toMatch(/Bundle {2}models\/a\.onnx \(.* kB; 2 epochs, the best one \d, .*\)\n/);
    expect(out).toContain(
      "Next: pawprint predict models/a.onnx PICTURE_OR_FOLDER, or pawprint models register NAME models/a.onnx\n",
    );
    const epochs = logged.filter(({ message }) => message.startsWith("epoch"));
    expect(epochs.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^epoch 1\/2 {2}loss .* \| validation loss .* accuracy .* \* {2}\| .* images\/s .* left$/),
      expect.stringMatching(/^epoch 2\/2 .* images\/s$/),
    ]);
  });

  it("gives one JSON line and a history file of the same content", async () => {
    const { exitCode, out } = await run(
      `train --data pictures ${quick} --out models/b.onnx --json --history b.json --chart b.svg --report b.html`,
    );
    expect(exitCode).toBe(0);
    const result = JSON.parse(out);
    expect(result).toMatchObject({
      bundle: { path: join(cwd, "models/b.onnx") },
      labels: ["blue", "red"],
      dataset: { pictures: 48 },
      end: "finished",
      evaluation: { count: expect.any(Number), confusion: [expect.any(Array), expect.any(Array)] },
      lineage: { createdAt: "1970-01-01T00:00:00.000Z" },
    });
    expect(result.history).toHaveLength(2);
    expect(await readFile(join(cwd, "b.svg"), "utf8")).toMatch(/^<svg .*2 epochs, the best of validation/);
    expect(JSON.parse(await readFile(join(cwd, "b.json"), "utf8"))).toEqual(result);
    const page = await readFile(join(cwd, "b.html"), "utf8");
    expect(page).toContain("<title>Training of models/b.onnx</title>");
    expect([...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id)).toEqual([
      "overview",
      "data",
      "settings",
      "learning",
      "confusion",
      "classes",
      "wrong",
      "cells",
      "slices",
      "calibration",
      "thresholds",
      "curves",
      "time",
      "environment",
      "lineage",
      "next",
    ]);
    expect(page).toContain(`${(100 * result.evaluation.accuracy).toFixed(2)} % of ${result.evaluation.count} pictures`);
    expect(page).toMatch(/<th scope="row" class="one-line">batch size<\/th><td>8<\/td><td class="muted">given<\/td>/);
    expect(page).toContain("pawprint serve models/b.onnx");
  });

  it("names the bundle after the data, and takes settings from pawprint.yaml and the environment below flags", async () => {
    const project = join(cwd, "project");
    await mkdir(project);
    await writeFile(
      join(project, "pawprint.yaml"),
      "train:\n  data: ../pictures\n  size: 8\n  widths: [8]\n  epochs: 7\n  seed: 3\n  batchSize: 8\n",
    );
    const env = { PAWPRINT_TRAIN_EPOCHS: "6", PAWPRINT_TRAIN_SEED: "4", PAWPRINT_TEST_DATA: "/data" };
    const { exitCode, out } = await run("train --epochs 1 --json", { cwd: project, env });
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      bundle: { path: join(project, "models/pictures.onnx") },
      history: [{ epoch: 1 }],
      lineage: { seed: 4 },
    });
  });

  it("names pictures that cannot be used, and refuses them with --strict", async () => {
    await writePictureFolder(join(cwd, "faulty"));
    await writeFile(join(cwd, "faulty", "red", "torn.jpg"), "torn");
    const { exitCode, logged, out } = await run(`train --data faulty ${quick} --out models/c.onnx`);
    expect(exitCode).toBe(0);
    const warnings = logged.filter(({ level }) => level === "warn").map(({ message }) => message);
    expect(warnings[0]).toBe("1 of 49 pictures were skipped:");
    expect(warnings[1]).toContain("red/torn.jpg");
    expect(out).toContain("48 pictures; 1 skipped\n");
    const strict = await run(`train --data faulty ${quick} --out models/d.onnx --strict`);
    expect(strict.exitCode).toBe(1);
    expect(strict.err).toMatch(/^error IMAGE_UNREADABLE: .*torn/);
  });

  it("says when the whole command ends where the training has a time", async () => {
    const { exitCode, logged } = await run(
      "train --data pictures --size 8 --widths 8 --batch-size 8 --time 1s --threads 1 --out models/timed.onnx",
    );
    expect(exitCode).toBe(0);
    expect(logged.map(({ message }) => message).join("\n")).toMatch(
      /^ends about \d\d:\d\d:\d\d: 1\.0 s of training, validation included, then about [\d.]+ m?s of evaluation$/m,
    );
  });

  it("prints the bundle's path alone with --quiet, and warnings", async () => {
    const answer = await run(`train --data faulty ${quick} --out models/quiet.onnx -q`);
    expect(answer).toMatchObject({ exitCode: 0, out: "models/quiet.onnx\n", err: "" });
    expect(answer.logged.every(({ level }) => level === "warn")).toBe(true);
  });

  it("ends with 130 after Ctrl-C and says how to resume", async () => {
    const controller = new AbortController();
    const captured = captureContext({ cwd, signal: controller.signal });
    const logger = {
      ...captured.context.logger,
      info: (message: string) => {
        captured.context.logger.info(message);
        if (message.startsWith("epoch 1/")) controller.abort(interruption("SIGINT"));
      },
    };
    const line = `train --data pictures ${quick} --out models/e.onnx`;
    expect(await runCommand(line.split(" "), { ...captured.context, logger })).toBe(130);
    const warning = captured.logged.at(-1)!;
    expect(shown(warning.message)).toBe("training ended after epoch 1/2; its checkpoints are in models/e.checkpoints");
    const [, command = ""] = /^hint: resume it with pawprint (.*)$/m.exec(captured.err()) ?? [];
    expect(command).toBe(`${line} --resume`);
    const resumed = await run(command);
    expect(resumed.exitCode).toBe(0);
    expect(resumed.logged.map(({ message }) => message)).toContain("resuming after epoch 1/2");
  });
});

describe("the record of pawprint train", () => {
  it("is a run of the data's experiment, and is shown with the command that shows it", async () => {
    const { out } = await run(`train --data pictures ${quick} --out models/run.onnx --tag team=pets --run-name first`);
    expect(shown(out)).toMatch(/^Run {5}[0-9a-f]{8} of experiment pictures in runs: pawprint runs show [0-9a-f]{8}$/m);
    const store = await openFileRunStore(join(cwd, "runs"));
    const filter = "tags.team = 'pets' and attributes.run_name = 'first'";
    const { runs } = await store.searchRuns({ filter });
    await store.close();
    expect(runs).toMatchObject([{ status: "FINISHED" }]);
    expect(runs[0]?.tags.get("mlflow.source.name")).toBe("pawprint train");
    expect(runs[0]?.params.get("batchSize")).toBe("8");
  });

  it("is left out with --no-tracking, and a place that cannot be used is refused with that hint", async () => {
    const project = join(cwd, "unrecorded");
    await mkdir(project);
    const line = `train --data ../pictures ${quick} --json`;
    const off = await run(`${line} --no-tracking`, { cwd: project });
    expect(off.exitCode).toBe(0);
    expect(JSON.parse(off.out)).not.toHaveProperty("recorded");
    expect(await readdir(project)).not.toContain("runs");
    await writeFile(join(project, "taken"), "");
    const refused = await run(`train --data ../pictures ${quick} --out b.onnx --tracking-uri taken`, { cwd: project });
    expect(refused.exitCode).toBe(2);
    expect(refused.err).toMatch(/hint: .*record nothing: --no-tracking$/m);
  });
});

it("says how to go on where the page was cut off: the bundle is there", async () => {
  const controller = new AbortController();
  const captured = captureContext({ cwd, signal: controller.signal });
  const line = `train --data pictures ${quick} --out models/page.onnx --report page.html --history page.json`;
  const now = (): number => {
    // Asked for the time that the page says, once the bundle is written.
    if (existsSync(join(cwd, "models/page.onnx"))) controller.abort(interruption("SIGINT"));
    return 0;
  };
  expect(await runCommand(line.split(" "), { ...captured.context, now })).toBe(130);
  const [, command = ""] = /^hint: write what is left with pawprint (.*)$/m.exec(captured.err()) ?? [];
  expect(command).toBe(`${line} --resume`);
  expect((await run(command)).exitCode).toBe(0);
  expect([existsSync(join(cwd, "page.html")), existsSync(join(cwd, "page.json"))]).toEqual([true, true]);
});

it("says that a training which has no checkpoint yet is to be run again", async () => {
  const signal = AbortSignal.abort(interruption("SIGTERM"));
  const { exitCode, err } = await run(`train --data pictures ${quick} --out models/never.onnx`, { signal });
  expect(exitCode).toBe(143);
  expect(err).toContain("hint: run the same command again: pictures that were packed are not decoded again\n");
});

describe("what pawprint train refuses", () => {
  beforeAll(async () => {
    await mkdir(join(cwd, "empty"));
    await writePictureFolder(join(cwd, "one-class"), { labels: ["red"] });
    await writePictureFolder(join(cwd, "small-class"));
    await rm(join(cwd, "small-class", "red"), { recursive: true });
    await writePictureFolder(join(cwd, "small-class"), { labels: ["red"], perClass: 1 });
    await writeFile(join(cwd, "cut.zip"), Buffer.from("504b0304140000000000", "hex"));
    await writeIdxFolder(join(cwd, "idx"));
    await writeFile(join(cwd, "idx", "train-labels-idx1-ubyte"), Buffer.from("0000080300000000", "hex"));
    await writeFile(join(cwd, "taken.onnx"), "old");
  });

  it.each([
    ["", 2, "CLI_USAGE: Expected --data with labelled pictures; got no --data (pawprint train)", "give --data FOLDER"],
    ["--data nowhere", 1, "FILE_NOT_FOUND: Expected a file or folder that exists; got nowhere", "look at the path"],
    ["--data empty", 1, "DATASET_EMPTY: Expected a folder of labelled folders", ""],
    ["--data one-class", 1, "DATASET_ONE_CLASS: Expected pictures of at least two classes; got only 'red'", ""],
    ["--data small-class", 1, "DATASET_CLASS_TOO_SMALL: Expected at least 3 different pictures of each class", ""],
    ["--data cut.zip", 1, "ARCHIVE_CORRUPT: ", ""],
    ["--data idx", 1, "IDX_INVALID: ", ""],
    ["--data pictures --out taken.onnx", 1, "FILE_EXISTS: Expected a name that is free", "give --force to replace it"],
    [
      "--data pictures --history taken.onnx",
      1,
      "FILE_EXISTS: Expected a name that is free",
      "give --force to replace it",
    ],
    ["--data pictures --report taken.onnx", 1, "FILE_EXISTS: Expected a name that is free", ""],
    [
      "--data pictures --architecture resnt",
      2,
      "ARCHITECTURE_UNKNOWN: Expected an architecture",
      "did you mean resnet?",
    ],
    ["--data pictures --epocs 3", 2, "CLI_USAGE: Expected a flag that this command takes", "did you mean --epochs?"],
    ["--data pictures --size 0", 2, "CLI_USAGE: Expected a whole number from 4 to 1024 for --size", ""],
    [
      "--data pictures --widths 8,wide",
      2,
      "CONFIG_INVALID: Expected a list of at least 1, each item a whole number",
      "",
    ],
    [
      "--data pictures --learning-rate 0",
      2,
      "CONFIG_INVALID: Expected a number above 0 for train.learningRate; got 0",
      "",
    ],
    [
      "--data pictures --size 8 --widths 8,8,8,8",
      2,
      "CONFIG_INVALID: Expected architecture 'cnn' with these options",
      "16",
    ],
    [
      "--data pictures --architecture-options {",
      2,
      "CONFIG_INVALID: Expected further options of the architecture, as JSON",
      "",
    ],
    [
      "--data pictures --resume --out new.onnx",
      1,
      "FILE_NOT_FOUND: Expected a checkpoint to resume from",
      "train without --resume",
    ],
    ["--data pictures --time 5m --epochs 3", 2, "CONFIG_INVALID: Expected either time or epochs; got both", ""],
    ["--data pictures --time soon", 2, "C", ""],
  ])("%o", async (flags, exitCode, error, hint) => {
    const answer = await run(`train ${flags}`.trim());
    expect(shown(answer.err)).toContain(`error ${error}`);
    expect(shown(answer.err)).toContain(hint === "" ? "" : hint);
    expect(answer.exitCode).toBe(exitCode);
    expect(await readFile(join(cwd, "taken.onnx"), "utf8")).toBe("old");
  });

  it("is an unknown key in pawprint.yaml, with the nearest one", async () => {
    const project = join(cwd, "mistyped");
    await mkdir(project);
    await writeFile(join(project, "pawprint.yaml"), "train:\n  epocs: 3\n");
    const { exitCode, err } = await run("train --data ../pictures", { cwd: project });
    expect(exitCode).toBe(2);
    expect(err).toBe(
      "error CONFIG_UNKNOWN_KEY: Expected a known configuration key; got train.epocs (pawprint.yaml line 2)\nhint: did you mean epochs?\n",
    );
  });
});
