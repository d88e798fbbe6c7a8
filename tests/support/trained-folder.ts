/** A folder with labelled pictures and a bundle that was trained on them, for tests of commands. */
import { join } from "node:path";
import { createOnnxRuntimeExecutor } from "../../src/runtime/onnx-runtime.ts";
import { train } from "../../src/wire/library.ts";
import { writePictureFolder } from "./picture-folder.ts";

/** Writes `pictures/` (blue, red), `strange/` of other labels (red, yellow), and `m.onnx`, a tiny network. */
export async function writeTrainedFolder(folder: string): Promise<void> {
  await writePictureFolder(join(folder, "pictures"));
  await writePictureFolder(join(folder, "strange"), { labels: ["red", "yellow"], perClass: 3 });
  await train({
    data: join(folder, "pictures"),
    out: join(folder, "m.onnx"),
    settings: { size: 8, widths: [8], epochs: 3, batchSize: 8, learningRate: 0.02 },
    executor: createOnnxRuntimeExecutor({ threads: 1 }),
  });
}
