/**
 * Finds the block size of ONNX Runtime's blocked layout on this CPU. It depends on the vector unit,
 * and no API reports it.
 */
import { isAppError } from "../../base/errors.ts";
import { apply1, graph, input } from "../../graph/value.ts";
import type { Executor } from "../executor.ts";
import { blockedOps } from "./nchwc-ops.ts";

/**
 * More than any block size in use (8 with AVX2, 16 with AVX-512 and on Arm), and a multiple of
 * each.
 */
const channels = 64;

/**
 * Reorders a picture of 64 channels and two pixels and looks where the second pixel of the first
 * channel went: as many channels lie before it as make a block. Answers `undefined` where this
 * build or CPU has no blocked layout.
 *
 * @param executor runs ONNX Runtime graphs unchanged on the CPU
 */
export async function detectBlockSize(executor: Executor): Promise<number | undefined> {
  const picture = input("picture", "float32", [1, channels, 1, 2]);
  const reordered = apply1(blockedOps(1).reorderInput, [picture]);
  const values = Float32Array.from({ length: 2 * channels }, (_, at) => at);
  try {
    const program = await executor.load(graph("block-size", [picture], { reordered }));
    try {
      const feed = { dtype: "float32" as const, shape: [1, channels, 1, 2], data: values };
      const { reordered: result } = await program.run({ picture: feed });
      const block = [...(result?.data ?? [])].findIndex((value) => Number(value) === 1);
      return block >= 4 && channels % block === 0 ? block : undefined;
    } finally {
      await program.close();
    }
  } catch (error) {
    // An engine without these operators refuses the graph: then the portable one is the right one.
    if (isAppError(error, "EXECUTION_FAILED")) return undefined;
    throw error;
  }
}
