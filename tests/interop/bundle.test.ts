/**
 * A bundle in the hands of others: Python's onnx must find it valid, and Python's onnxruntime must
 * give the answers that we give.
 */
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.ts";
import { parityPicture } from "../../src/bundle/bundle.ts";
import { encodeModel } from "../../src/graph/onnx/encode.ts";
import { createNetwork } from "../../src/nn/architectures/table.ts";
import { buildInferenceGraph, layoutOf } from "../../src/nn/inference-graph.ts";
import { initialParameters, initialStatistics } from "../../src/nn/parameter-layout.ts";
import { createOnnxRuntimeExecutor } from "../../src/runtime/onnx-runtime.ts";
import { findPeerPython } from "../support/peer-python.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const script = `
import json, sys
import numpy, onnx, onnxruntime
model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
height, width, channels = json.loads(sys.argv[3])
pictures = numpy.fromfile(sys.argv[2], dtype=numpy.uint8).reshape(-1, height, width, channels)
logits, probabilities = session.run(["logits", "probabilities"], {"pictures": pictures})
json.dump({
    "domains": sorted({opset.domain for opset in model.opset_import}),
    "logits": logits.flatten().tolist(),
    "probabilities": probabilities.flatten().tolist(),
}, sys.stdout)
`;

const notes: string[] = [];
const python = await findPeerPython(["onnx", "onnxruntime", "numpy"], (text) => notes.push(text));
if (!python) process.stderr.write(`skipped: ${notes.join("; ")}\n`);

describe.skipIf(!python)("a bundle's graph in Python", () => {
  it.each([
    ["cnn", { widths: [16, 32] }, 32, 3],
    ["cnn", { widths: [8, 16] }, 28, 1],
    ["resnet", { widths: [16, 32] }, 32, 3],
    ["mobilenet", {}, 64, 3],
  ] as const)("is valid ONNX and answers the same: %s %o", async (name, options, side, channels) => {
    const size = { height: side, width: side, channels };
    const model = {
      network: createNetwork(name, options),
      size,
      normalization: { mean: Array(channels).fill(0.45), std: Array(channels).fill(0.25) },
      labels: ["cat", "dog", "other"],
    };
    const layout = layoutOf(model);
    const weights = {
      parameters: initialParameters(layout, createRandom(name)),
      statistics: initialStatistics(layout),
    };
    const graph = buildInferenceGraph(model, weights);
    const count = 5;
    const pixels = new Uint8Array(count * side * side * channels);
    for (let at = 0; at < count; at++) pixels.set(parityPicture(at, size), at * side * side * channels);

    const program = await createOnnxRuntimeExecutor({ threads: 1 }).load(graph);
    const ours = await program.run({
      pictures: { dtype: "uint8", shape: [count, side, side, channels], data: pixels },
    });
    await program.close();

    const folder = temporaryFolder("interop");
    await writeFile(join(folder, "model.onnx"), encodeModel(graph, { note: "interop" }));
    await writeFile(join(folder, "pictures.bin"), pixels);
    const answer = execFileSync(
      python!,
      ["-c", script, join(folder, "model.onnx"), join(folder, "pictures.bin"), JSON.stringify([side, side, channels])],
      { encoding: "utf8", maxBuffer: 2 ** 24 },
    );
    const theirs = JSON.parse(answer) as { domains: string[]; logits: number[]; probabilities: number[] };
    expect(theirs.domains).toEqual([""]);
    for (const output of ["logits", "probabilities"] as const) {
      const expected = ours[output]!.data as Float32Array;
      const scale = Math.max(...expected.map(Math.abs));
      // Another version of the same runtime on the same machine: rounding only.
      theirs[output].forEach((value, at) => {
        expect(Math.abs(value - expected[at]!)).toBeLessThan(1e-5 * Math.max(1, scale));
      });
    }
  });
});
