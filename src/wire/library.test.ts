import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { petModel } from "../../tests/support/running-service.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { writeUntrainedBundle } from "../../tests/support/untrained-bundle.ts";
import * as library from "./library.ts";

const folder = temporaryFolder();
const model = join(folder, "model.onnx");
beforeAll(() => writeUntrainedBundle(petModel, model));

/** As from JavaScript, where no compiler stops it. */
const anything = (value: unknown) => value as never;

/** A call of each function with these options. */
const calls: Readonly<Record<string, (options: never) => Promise<unknown>>> = {
  train: (options) => library.train(options),
  prepareTraining: (options) => library.prepareTraining(options),
  previewAugmentation: (options) => library.previewAugmentation(options),
  openPredictor: (options) => library.openPredictor(model, options),
  batchPredict: (options) => library.batchPredict(options),
  evaluateBundle: (options) => library.evaluateBundle(options),
  quantizeBundle: (options) => library.quantizeBundle(options),
  explainPictures: (options) => library.explainPictures(model, [], options).next(),
  renderEvaluationReport: (options) => library.renderEvaluationReport(anything({}), options),
  renderTrainingReport: (options) => library.renderTrainingReport(anything({}), options),
  renderDatasetReport: (options) => library.renderDatasetReport(anything({}), options),
  inspectBackbone: (options) => library.inspectBackbone(model, options),
  fetchBackbone: (options) => library.fetchBackbone("mobilenetv2-12", options),
  createServer: (options) => library.createServer(options),
};

describe("every function that takes options", () => {
  it("is among those that are tried here", () => {
    const withoutOptions = ["loadBundle", "inspectBundle"];
    expect([...Object.keys(calls), ...withoutOptions].sort()).toEqual(Object.keys(library).sort());
  });

  it.each(Object.keys(calls))("%s refuses a name that it does not know", async (name) => {
    const failure = await failureOf(calls[name]!(anything({ nonsense: 1 })));
    expect(failure).toMatchObject({ code: "CONFIG_UNKNOWN_KEY", required: `a known option of ${name}` });
  });

  it.each(Object.keys(calls))("%s refuses what is no object", async (name) => {
    await expect(calls[name]!(anything(7))).rejects.toMatchObject({ code: "CONFIG_INVALID", where: name });
  });
});

it.each([
  [{ data: "p", out: "m.onnx", settings: { epoch: 3 } }, "settings.epoch", "did you mean epochs?"],
  [{ data: "p", out: "m.onnx", epochs: 3 }, "epochs", "did you mean settings.epochs?"],
  [{ data: "p", output: "m.onnx" }, "output", expect.stringMatching(/^known: data, settings, .*\bout\b/)],
])("train refuses %j", async (options, received, hint) => {
  await expect(library.train(anything(options))).rejects.toMatchObject({ code: "CONFIG_UNKNOWN_KEY", received, hint });
});

it.each([
  [{ out: "m.onnx" }, "a text that is not empty for data; got nothing"],
  [{ data: "p" }, "a text that is not empty for out; got nothing"],
  [{ data: "p", out: "m.onnx", settings: { size: "64" } }, "a whole number from 4 to 1024 for settings.size; got '64'"],
  [
    { data: "p", out: "m.onnx", settings: { widths: [8, "x"] } },
    'a whole number from 1 to 4096 for settings.widths.1; got "x"',
  ],
  [{ data: "p", out: "m.onnx", executor: {} }, "an executor of pawprint/graph for executor; got an object"],
])("train refuses %j", async (options, message) => {
  await expect(library.train(anything(options))).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: `Expected ${message} (train)`,
  });
});

it("evaluates a bundle that was loaded, and says so where it gets a path", async () => {
  const given = { bundle: model, data: "pictures" };
  await expect(library.evaluateBundle(anything(given))).rejects.toThrow(
    "a bundle that was loaded with loadBundle for bundle",
  );
});

describe("a bundle", () => {
  it("is opened by its path, its URL, its bytes or a Blob", async () => {
    const bytes = await readFile(model);
    const forms = [model, pathToFileURL(model), bytes, new Blob([bytes]), { path: model }, { bytes, where: "m" }];
    for (const form of forms) {
      const predictor = await library.openPredictor(form, { threads: 1 });
      expect(predictor.info.labels).toEqual(petModel.labels);
      await predictor.close();
    }
  });

  it.each([
    [undefined, "nothing"],
    [{}, "an object"],
    [{ file: "m.onnx" }, "an object with the key 'file'"],
    [{ path: "m.onnx", bytes: new Uint8Array(1) }, "an object with the keys 'path', 'bytes'"],
    [{ path: 3 }, "3"],
  ])("is refused as %j", async (given, received) => {
    for (const call of [library.openPredictor, library.loadBundle]) {
      await expect(call(anything(given))).rejects.toMatchObject({ code: "ARGUMENT_INVALID", received });
    }
  });
});

it("refuses the address of a bundle that names no hash", async () => {
  for (const call of [library.openPredictor, library.loadBundle]) {
    await expect(call(anything("https://host/m.onnx"))).rejects.toMatchObject({
      code: "MODEL_SOURCE_INVALID",
      received: "one without #sha256=",
    });
  }
});

it("refuses a bundle's URL that names no file of this machine", async () => {
  await expect(library.loadBundle(new URL("file://models/a.onnx"))).rejects.toMatchObject({
    code: "ARGUMENT_INVALID",
    message: "Expected a file: URL that names a file of this machine; got 'file://models/a.onnx'",
  });
});
