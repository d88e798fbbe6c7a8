import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { changed, moveOut } from "../../../tests/support/onnx-model.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { tinyExecutor, tinyModel, tinyReference } from "../../../tests/support/tiny-bundle.ts";
import { readBytes } from "../../base/files/read-file.ts";
import { parseBundle } from "../bundle.ts";
import { exportBundle } from "../export-bundle.ts";
import { modelFiles } from "./model-files.ts";
import { readModelBundle } from "./read-model.ts";

const folder = temporaryFolder("read-model");
let bundle: Uint8Array<ArrayBuffer>;
let texts: ReadonlyMap<string, string>;

beforeAll(async () => {
  const model = tinyModel();
  const path = join(folder, "cats.onnx");
  const file = await exportBundle({ ...model, path, executor: tinyExecutor, reference: await tinyReference(model) });
  bundle = await readBytes(path);
  const ids = { uuid: "b".repeat(32), runId: "a".repeat(32), artifactPath: "model", createdMs: 0 };
  texts = modelFiles(file, ids);
});

/** A folder in memory, its files in chunks of 1000 bytes. */
const filesOf = (
  given: Readonly<Record<string, string | Uint8Array>>,
  sizes: Readonly<Record<string, number>> = {},
) => ({
  where: "models:/cats/1",
  list: async () => [
    { path: "sub", isFolder: true },
    ...Object.entries(given).map(([path, content]) => ({
      path,
      isFolder: false,
      sizeBytes: sizes[path] ?? content.length,
    })),
  ],
  async *read(path: string) {
    const bytes = Buffer.from(given[path]!);
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
  },
});

/** The bundle as `mlflow.onnx.log_model` writes it: large weights in a file of their own. */
const apart = (location: string) => {
  const weights: Uint8Array[] = [];
  let at = 0;
  const model = changed(bundle, ({ graph }) => {
    for (const tensor of graph!.initializer) {
      const { rawData } = tensor;
      if (rawData.length < 16) continue;
      weights.push(rawData);
      moveOut(tensor, { location, offset: `${at}`, length: `${rawData.length}` });
      at += rawData.length;
    }
  });
  return { model, weights: Buffer.concat(weights) };
};

describe("a model folder", () => {
  it("gives back the bundle that was logged, byte for byte", async () => {
    const files = filesOf({ ...Object.fromEntries(texts), "model.onnx": bundle });
    expect(Buffer.compare(await readModelBundle(files), bundle)).toBe(0);
  });

  it.each(["9f3c.data", "./9f3c.data"])("gives back the bundle whose weights are in %s beside it", async (location) => {
    const { model, weights } = apart(location);
    expect(weights.length).toBeGreaterThan(100);
    const mlmodel = "flavors: {onnx: {data: sub/model.onnx}}";
    const read = await readModelBundle(
      filesOf({ MLmodel: mlmodel, "sub/model.onnx": model, "sub/9f3c.data": weights }),
    );
    expect(parseBundle(read, "read")).toEqual(parseBundle(bundle, "written"));
    expect(parseBundle(read, "read").digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it("reads no file but one of the folder's", async () => {
    const { model } = apart("../../etc/passwd");
    const files = filesOf({ MLmodel: "flavors: {onnx: {data: model.onnx}}", "model.onnx": model });
    await expect(readModelBundle(files)).rejects.toThrow(
      "Expected the file ../../etc/passwd, which holds weights of model.onnx; " +
        "got one with MLmodel, model.onnx (models:/cats/1)",
    );
    for (const data of ["../model.onnx", "/model.onnx", "sub/../../model.onnx"]) {
      const climbing = filesOf({ MLmodel: `flavors: {onnx: {data: ${data}}}`, "model.onnx": bundle });
      await expect(readModelBundle(climbing)).rejects.toMatchObject({ code: "MODEL_UNREADABLE" });
    }
  });

  it.each([
    [
      "no files",
      {},
      "Expected the folder of an MLflow model, with a file MLmodel; got one without files (models:/cats/1)",
    ],
    ["no MLmodel", { "weights.pt": "x" }, "with a file MLmodel; got one with weights.pt (models:/cats/1)"],
    [
      "another flavour",
      {
        MLmodel:
          "flavors:\n  sklearn: {pickled_model: model.pkl}\n  python_function: {loader_module: mlflow.sklearn}\n",
      },
      "Expected a model in MLflow's ONNX flavour; got one in sklearn, python_function (models:/cats/1/MLmodel)",
    ],
    ["no flavour", { MLmodel: "run_id: 1e34" }, "Expected a model in MLflow's ONNX flavour; got one without flavours"],
    ["no path", { MLmodel: "flavors: {onnx: {data: [a]}}" }, "Expected the path of an ONNX file as flavors.onnx.data"],
    [
      "text that is no YAML",
      { MLmodel: "{{" },
      "Expected an MLmodel file in YAML; got other text (models:/cats/1/MLmodel)",
    ],
    ["bytes that are no text", { MLmodel: Uint8Array.of(0xff) }, "Expected an MLmodel file in YAML"],
    ["YAML without end", { MLmodel: "[".repeat(200_000) }, "Expected an MLmodel file in YAML"],
    [
      "aliases of aliases",
      {
        MLmodel: `a: &a [x,x]\n${Array.from({ length: 30 }, (_, at) => `b${at}: &b${at} [${at ? `*b${at - 1}, *b${at - 1}` : "*a, *a"}]\n`).join("")}`,
      },
      "Expected an MLmodel file in YAML",
    ],
    [
      "a file that is gone",
      { MLmodel: "flavors: {onnx: {data: model.onnx}}" },
      "Expected the file model.onnx, which MLmodel names; got one with MLmodel (models:/cats/1)",
    ],
    [
      "other bytes",
      { MLmodel: "flavors: {onnx: {data: model.onnx}}", "model.onnx": "no protobuf" },
      "Expected an ONNX file, a protobuf ModelProto; got 11 other bytes (models:/cats/1/model.onnx)",
    ],
  ])("is refused with %s", async (_, given: Readonly<Record<string, string | Uint8Array>>, message) => {
    const failure = readModelBundle(filesOf(given));
    await expect(failure).rejects.toMatchObject({ code: "MODEL_UNREADABLE" });
    await expect(failure).rejects.toThrow(message);
  });

  it("is refused where a file is larger than it may be, whatever its size is said to be", async () => {
    const large = { MLmodel: "x".repeat(1_100_000) };
    for (const sizes of [{}, { MLmodel: 10 }])
      await expect(readModelBundle(filesOf(large, sizes))).rejects.toThrow(/files of a model of at most 1.0 MB; got /);
    const huge = filesOf({ MLmodel: "flavors: {onnx: {data: m.onnx}}", "m.onnx": "" }, { "m.onnx": 2 ** 40 });
    await expect(readModelBundle(huge)).rejects.toThrow("got 1.1 TB or more (models:/cats/1/m.onnx)");
  });
});
