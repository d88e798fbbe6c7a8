/**
 * A training in a process of its own, given as JSON: resumed where there are checkpoints. Writes
 * a line for each epoch.
 */

import { createOnnxRuntimeExecutor } from "../../src/runtime/onnx-runtime.ts";
import { checkpointFolderOf, listCheckpoints } from "../../src/train/checkpoint/checkpoint-folder.ts";
import { train } from "../../src/wire/library.ts";
import type { TrainOptions } from "../../src/wire/recording.ts";

const { threads, ...options } = JSON.parse(process.argv[2]!) as TrainOptions & { readonly threads: number }; // its own test wrote it
const resume = (await listCheckpoints(checkpointFolderOf(options.out))).length > 0;
await train({
  ...options,
  resume,
  executor: createOnnxRuntimeExecutor({ threads }),
  onEvent(event) {
    if (event.type === "epoch") process.stdout.write(`${event.metrics.epoch}\n`);
  },
});
