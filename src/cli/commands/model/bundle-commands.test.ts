import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { tinyModel } from "../../../../tests/support/tiny-bundle.ts";
import { writeTrainedFolder } from "../../../../tests/support/trained-folder.ts";
import { encodeBundle } from "../../../bundle/bundle.ts";
import { encodeModel } from "../../../graph/onnx/encode.ts";
import { readMetadata } from "../../../graph/onnx/metadata.ts";
import { type HostContext, runCommand } from "../../frame/run-command.ts";

const cwd = temporaryFolder();
beforeAll(async () => {
  await writeTrainedFolder(cwd);
  await writeFile(join(cwd, "torn.jpg"), "torn");
  await writeFile(join(cwd, "plain.onnx"), encodeModel(tinyModel().graph, {}));
});

async function run(line: string, overrides: Partial<HostContext> = {}) {
  const { context, out, err, logged } = captureContext({ cwd, ...overrides });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err(), logged };
}

describe("pawprint predict", () => {
  it("shows a bar for each class", async () => {
    const { exitCode, out } = await run("predict m.onnx pictures/red/red.1.png");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^pictures\/red\/red\.1\.png {2}red \d+\.\d\d %\n {2}red +█+.* %\n {2}blue .* %\n$/);
  });

  it("goes on behind a picture that cannot be used, and ends with 1", async () => {
    const { exitCode, out } = await run("predict m.onnx torn.jpg pictures/blue");
    expect(exitCode).toBe(1);
    expect(out).toMatch(/^torn\.jpg {2}IMAGE_UNREADABLE: Expected a JPEG, .*; got a text that begins with "torn"\n/);
    expect(out).toMatch(/\n25 pictures, 1 could not be used\n$/);
    const strict = await run("predict m.onnx torn.jpg pictures --strict");
    expect(strict).toMatchObject({ exitCode: 1, out: "" });
    expect(strict.err).toMatch(/^error IMAGE_UNREADABLE: .*\(torn\.jpg\)\n/);
  });

  it("gives JSON, JSON lines and CSV", async () => {
    const json = JSON.parse((await run("predict m.onnx pictures torn.jpg --json --top 1")).out);
    expect(json).toMatchObject({ model: "m.onnx", count: 49, failed: 1 });
    expect(json.results[0]).toEqual({
      file: "pictures/blue/blue.0.png",
      label: "blue",
      confidence: expect.any(Number),
      probabilities: { blue: json.results[0].confidence },
    });
    expect(json.results[48]).toMatchObject({ file: "torn.jpg", error: { code: "IMAGE_UNREADABLE" } });

    const lines = (await run("predict m.onnx pictures/red --json-lines")).out.trimEnd().split("\n");
    expect(lines).toHaveLength(24);
    expect(JSON.parse(lines[0]!)).toMatchObject({ file: "pictures/red/red.0.png", label: "red" });

    const csv = (await run("predict m.onnx pictures/red --csv")).out.trimEnd().split("\r\n");
    expect(csv[0]).toBe("file,label,confidence,probability_blue,probability_red,error");
    expect(csv[1]).toMatch(/^pictures\/red\/red\.0\.png,red,0\.\d+,0\.\d+,0\.\d+,$/);
    expect(csv).toHaveLength(25);
  });

  it.each([
    ["predict m.onnx", 2, "CLI_USAGE: Expected PICTURES (picture files and folders); got nothing"],
    [
      "predict m.onnx torn.jpg --csv --json-lines",
      2,
      "CLI_USAGE: Expected one of --csv, --json-lines and --json; got several",
    ],
    ["predict m.onnx torn.jpg --top 0", 2, "CLI_USAGE: Expected a whole number of at least 1 for --top"],
    ["predict no.onnx torn.jpg", 1, "FILE_NOT_FOUND: Expected a file or folder that exists"],
    ["predict torn.jpg torn.jpg", 1, "MODEL_UNREADABLE: "],
    ["predict plain.onnx torn.jpg", 1, "BUNDLE_INVALID: Expected a bundle with pawprint.format 1 in its metadata"],
  ])("refuses %o", async (line, exitCode, error) => {
    const answer = await run(line);
    expect(answer.err).toContain(`error ${error}`);
    expect(answer.exitCode).toBe(exitCode);
  });

  it("refuses a bundle whose answers are not those it was exported with", async () => {
    const bytes = await readFile(join(cwd, "m.onnx"));
    const { graph, info } = tinyModel(["blue", "red"]);
    const parity = JSON.parse(readMetadata(bytes)["pawprint.parity"]!);
    await writeFile(join(cwd, "swapped.onnx"), encodeBundle(graph, { ...info, parity }));
    const { exitCode, err } = await run("predict swapped.onnx torn.jpg");
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^error BUNDLE_PARITY: Expected probabilities within .*noise picture 1\)\nhint: /);
  });
});

describe("pawprint evaluate", () => {
  it("measures the test split, as training did", async () => {
    const { exitCode, out, logged } = await run("evaluate m.onnx --data pictures");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^Accuracy on the test split: 100\.00 % {2}\(95 % interval .*\)\n\d+ pictures, loss /);
    // The bundle was trained without a record.
    const note = expect.stringMatching(/^not recorded: the run of the bundle, .*, is not in .*runs$/);
    expect(logged).toEqual([{ level: "info", message: note }]);
    const json = JSON.parse((await run("evaluate m.onnx --data pictures --split all --json")).out);
    expect(json).toMatchObject({ model: "m.onnx", data: "pictures", split: "all", isTrainingData: true });
    expect(json.evaluation.count).toBe(48);
  });

  it("writes a page, a row for each picture, and charts, none of them over files that are there", async () => {
    const line =
      "evaluate m.onnx --data pictures --split all --no-latency --report r/page.html --csv r/rows.csv --charts r/charts";
    const { exitCode, out } = await run(line);
    expect(exitCode).toBe(0);
    expect(out).toContain("Written  r/page.html\n");
    expect(await readFile(join(cwd, "r/page.html"), "utf8")).toMatch(
      /^<!doctype html>.*<section id="lineage".*<\/html>\n?$/is,
    );
    const rows = (await readFile(join(cwd, "r/rows.csv"), "utf8")).trimEnd().split("\r\n");
    expect(rows[0]).toBe("id,label,answer,confidence,correct,probability_blue,probability_red");
    expect(rows[1]).toMatch(/^blue\/blue\.0\.png,blue,blue,0\.\d+,true,0\.\d+,0\.\d+$/);
    expect(rows).toHaveLength(49);
    const drawn = await readdir(join(cwd, "r/charts"));
    expect(drawn.sort()).toEqual(
      ["confidence", "confusion", "precision-recall", "reliability", "roc", "thresholds"].map((name) => `${name}.svg`),
    );
    expect(await readFile(join(cwd, "r/charts/roc.svg"), "utf8")).toMatch(/^<svg .*<\/svg>\n$/s);

    const again = await run(line);
    expect(again.exitCode).toBe(1);
    expect(again.err).toContain("error FILE_EXISTS: ");
    expect((await run(`${line} --force`)).exitCode).toBe(0);
  });

  it("puts two bundles side by side", async () => {
    const line = "evaluate m.onnx --data pictures --split all --against m.onnx --no-latency";
    const { exitCode, out } = await run(`${line} --csv both.csv`);
    expect(exitCode).toBe(0);
    expect(out).toContain("Both right: 48; both wrong: 0\nboth are right equally often, McNemar's ");
    const [head] = (await readFile(join(cwd, "both.csv"), "utf8")).split("\r\n");
    expect(head).toMatch(/,against_answer,against_confidence,against_correct$/);
    const { against } = JSON.parse((await run(`${line} --json`)).out);
    expect(against).toMatchObject({
      model: "m.onnx",
      comparison: { bothRight: 48, bothWrong: 0, difference: 0, isSignificant: false, mcnemar: { pValue: 1 } },
    });
    expect((await run("evaluate m.onnx --data pictures --against torn.jpg")).err).toContain("error MODEL_UNREADABLE: ");
  });

  it("says next how to have the same evaluation as a page", async () => {
    const flags = "--data pictures --layout classes --split all --against m.onnx";
    const { out } = await run(`evaluate m.onnx ${flags} --no-latency`);
    expect(out).toContain(`Next: pawprint evaluate m.onnx ${flags} --report evaluation.html, a page`);
  });

  it("takes the data from a configuration that holds settings of training, too", async () => {
    const env = { PAWPRINT_TRAIN_DATA: "pictures", PAWPRINT_TRAIN_SIZE: "8", PAWPRINT_TRAIN_THREADS: "1" };
    const { exitCode, err } = await run("evaluate m.onnx --no-latency", { env });
    expect(`${exitCode}${err}`).toBe("0");
  });

  it("gives JSON without pictures and curves", async () => {
    const json = JSON.parse((await run("evaluate m.onnx --data pictures --split all --json")).out);
    expect(Object.keys(json)).toEqual(
      expect.arrayContaining(["calibration", "rankings", "macro", "thresholds", "wrong", "slices"]),
    );
    expect(json.slices.map(({ dimension }: { dimension: string }) => dimension)).toContain("class");
    expect(json.latency.one.medianMs).toBeGreaterThan(0);
    expect(json.files).toEqual([]);
    expect(JSON.stringify(json)).not.toContain("answered");
  });

  it("refuses data with other classes, and a line without data", async () => {
    const strange = await run("evaluate m.onnx --data strange");
    expect(strange.exitCode).toBe(1);
    expect(strange.err).toContain(
      "error DATASET_LABELS_DIFFER: Expected pictures of the bundle's classes: blue, red; got yellow",
    );
    expect(strange.err).toContain("hint: name folders (or files) by the bundle's labels");
    expect((await run("evaluate m.onnx")).exitCode).toBe(2);
  });
});

describe("pawprint inspect", () => {
  it("shows labels, recipe, lineage and figures", async () => {
    const { exitCode, out } = await run("inspect m.onnx");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^labels +blue, red$/m);
    expect(out).toMatch(/^input +uint8 \[N,8,8,3\], named pictures$/m);
    expect(out).toMatch(/^calibration +error 0\.\d{4} \(0\.\d{4} before the temperature of \d+\.\d{3}\)$/m);
    expect(out).toMatch(/^architecture +cnn \(widths \[8\]; dropout 0\)$/m);
    expect(out).toMatch(/^evaluation +accuracy 100\.00 %, loss .*, \d+ pictures, test split$/m);
    expect(out).toMatch(/^embedding +the 8 numbers that the last layer takes$/m);
    const json = JSON.parse((await run("inspect m.onnx --json")).out);
    expect(json).toMatchObject({ embedding: { size: 8, width: 8 }, reference: { hasEmbeddings: true } });
    expect(json).toMatchObject({ path: "m.onnx", labels: ["blue", "red"], recipe: { fit: "cover" } });
    expect(json.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("refuses a model that is no bundle", async () => {
    expect((await run("inspect plain.onnx")).err).toContain("error BUNDLE_INVALID");
  });
});
