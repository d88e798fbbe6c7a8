/** Uses the types of every entry point as a project would; it is only compiled. */
import { readFile } from "node:fs/promises";
import {
  type EpochMetrics,
  errorTable,
  isAppError,
  openPredictor,
  type PictureSource,
  type Prediction,
  train,
} from "pawprint";
import { createClient } from "pawprint/client";
import { buildPack, importSource, inspectSource, openSource, type Source } from "pawprint/dataset";
import { createCpuExecutor, type Executor, float32, gradients, graph, input, ops, type Value } from "pawprint/graph";
import { createServer, type PawprintServer } from "pawprint/server";

export async function trainAndServe(): Promise<PawprintServer> {
  const history: EpochMetrics[] = [];
  const { bundle, evaluation } = await train({
    data: "pictures",
    out: "models/pictures.onnx",
    settings: { size: 32, epochs: 10 },
    onEvent(event) {
      if (event.type === "epoch") history.push(event.metrics);
    },
  });
  const accuracy: number = evaluation.accuracy;
  if (accuracy < 0.5) throw new Error(`${bundle.path}: ${accuracy}`);
  return createServer({ model: bundle.path, port: 0 });
}

export async function predict(path: string): Promise<readonly string[]> {
  const predictor = await openPredictor(path);
  const lines: string[] = [];
  try {
    for await (const row of predictor.predictFiles(["holiday"])) {
      lines.push(row.error ? row.error.message : row.label);
    }
    const jpeg = await readFile("cat.jpg");
    const { label, confidence }: Prediction = await predictor.predict(jpeg);
    lines.push(`${label} ${confidence}`);
    const pictures: PictureSource[] = [
      "cat.jpg",
      new URL("file:///cat.jpg"),
      jpeg,
      new Uint8Array(jpeg),
      new Uint8Array(jpeg).buffer,
      new Blob([new Uint8Array(jpeg)]),
    ];
    const answers: readonly Prediction[] = await predictor.predictPictures(pictures);
    lines.push(...answers.map((answer) => answer.label));
    const served = await createClient("http://localhost:8000").predictPictures(pictures);
    lines.push(...served.map((answer) => answer.label));
  } catch (error) {
    if (!isAppError(error)) throw error;
    lines.push(`${error.code} ${errorTable[error.code].kind}`);
  } finally {
    await predictor.close();
  }
  return lines;
}

export async function inspect(location: string): Promise<number> {
  const source: Source = await openSource(location);
  const { findings } = await inspectSource(source);
  await importSource(source, { to: "data/pictures" });
  const recipe = { width: 32, height: 32, channels: 3, fit: "cover", kernel: "lanczos3" } as const;
  const pack = await buildPack(source, recipe);
  return findings.length + pack.labels.length;
}

export async function differentiate(): Promise<Float32Array> {
  const x: Value = input("x", "float32", [2]);
  const [slope] = gradients(ops.reduceSum(ops.mul(x, x)), [x]);
  const executor: Executor = await createCpuExecutor({ threads: 1 });
  const program = await executor.load(graph("square", [x], { slope: slope! }));
  const outputs = await program.run({ x: float32([2], [1, 2]) });
  await program.close();
  const { data } = outputs.slope!;
  if (!(data instanceof Float32Array)) throw new Error("the slope is float32");
  return data;
}
