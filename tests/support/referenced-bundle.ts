/** An untrained bundle that knows pictures: with a reference of drawn ones, as a training makes it. */
import { join } from "node:path";
import { writeSampleSet } from "../../src/image/sample-pictures.ts";
import { makeReference } from "../../src/monitor/reference.ts";
import { createOnnxRuntimeExecutor } from "../../src/runtime/onnx-runtime.ts";
import { petModel } from "./running-service.ts";
import { writeUntrainedBundle } from "./untrained-bundle.ts";

/** The side of the drawings in the reference. */
export const drawnSidePx = 32;

/** Writes `model.onnx` into the folder and gives its path. */
export async function writeReferencedBundle(folder: string, perClass = 150): Promise<string> {
  const [bundle, data, out] = ["plain.onnx", "drawn", "model.onnx"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeUntrainedBundle(petModel, bundle);
  await writeSampleSet(data, { perClass, sizePx: drawnSidePx, seed: 1 });
  await makeReference({ bundle, data, split: "all", out, executor: createOnnxRuntimeExecutor({ threads: 1 }) });
  return out;
}
