/** Bundles that a service should not choke on when they appear in its folder. */
import { execFile } from "node:child_process";
import { readFile, rename, symlink, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { encodeBundle, parseBundle } from "../../../src/bundle/bundle.ts";
import { importedOp } from "../../../src/graph/imported-op.ts";
import { decodeModel } from "../../../src/graph/onnx/decode.ts";
import { encodeModel } from "../../../src/graph/onnx/encode.ts";
import { readMetadata } from "../../../src/graph/onnx/metadata.ts";
import { relu } from "../../../src/graph/ops/elementwise/activation.ts";
import { int64Vector, type TensorType } from "../../../src/graph/tensor-type.ts";
import { apply1, constant, type Graph, graph, type Value } from "../../../src/graph/value.ts";
import type { Material, WriteBundle } from "./attack.ts";

type Change = (source: Graph, labels: number) => Graph;

/** The served bundle with another output: a million ReLUs, one after another. */
export async function deepBundle({ bundle }: Material): Promise<readonly WriteBundle[]> {
  const deepen = (source: Graph): Graph => {
    let value = source.outputs.logits!;
    for (let depth = 0; depth < 1_000_000; depth++) value = relu(value);
    return graph(source.name, source.inputs, { ...source.outputs, deep: value });
  };
  const bytes = await readFile(bundle);
  // `encodeBundle` refuses to write what would be refused when it is read.
  return [writeBytes(encodeModel(deepen(decodeModel(bytes, bundle).graph), readMetadata(bytes, bundle)))];
}

/** Bundles that answer one picture and fail at the batch of the warm-up. */
export function singlePictureBundles({ bundle }: Material): Promise<readonly WriteBundle[]> {
  const numbered = (number: number): Change => {
    return (source, labels) => {
      const one = (value: Value) => apply1(reshapeToOne(value.type), [value, constant(int64Vector([1, labels]))]);
      const outputs = { logits: one(source.outputs.logits!), probabilities: one(source.outputs.probabilities!) };
      // Another name makes another file: the same bytes are not tried again.
      return graph(`${source.name}-${number}`, source.inputs, outputs);
    };
  };
  return Promise.all([1, 2, 3, 4, 5].map(async (number) => writeBytes(await changed(bundle, numbered(number)))));
}

/** Our own Reshape refuses to make one picture of N. */
function reshapeToOne(type: TensorType) {
  const imported = { node: "", version: 20, omitted: [] };
  return importedOp({ name: "Reshape", domain: "", attributeTypes: {}, outputs: [type], imported });
}

/** A pipe that nobody writes to. */
export async function pipe(): Promise<readonly WriteBundle[]> {
  return [async (path) => void (await promisify(execFile)("mkfifo", [path]))];
}

/** A file without an end. */
export async function endlessFile(): Promise<readonly WriteBundle[]> {
  return [(path) => symlink("/dev/zero", path)];
}

/** Appears at once and whole, as a careful operator copies it. */
export function writeBytes(bytes: Uint8Array): WriteBundle {
  return async (path) => {
    await writeFile(`${path}.partial`, bytes);
    await rename(`${path}.partial`, path);
  };
}

async function changed(bundle: string, change: Change): Promise<Uint8Array> {
  const bytes = await readFile(bundle);
  const info = parseBundle(bytes, bundle);
  return encodeBundle(change(decodeModel(bytes, bundle).graph, info.labels.length), info);
}
