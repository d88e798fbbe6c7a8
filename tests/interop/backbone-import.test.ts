/** Backbones as PyTorch's two exporters, Keras' converter and people write them: read, written again, differentiated. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.ts";
import { openSource } from "../../src/dataset/sources/open-source.ts";
import { gradients } from "../../src/graph/autodiff.ts";
import { expandComposites } from "../../src/graph/lower.ts";
import { nonDifferentiableNodes } from "../../src/graph/non-differentiable.ts";
import { decodeModel } from "../../src/graph/onnx/decode.ts";
import { encodeModel } from "../../src/graph/onnx/encode.ts";
import { mul, reduceSum } from "../../src/graph/ops/table.ts";
import { float32, sizeOf } from "../../src/graph/tensor-type.ts";
import { constant, type Graph, graph, nodesOf, type Value } from "../../src/graph/value.ts";
import { reshapeInput, withInputShape } from "../../src/graph/with-input-shape.ts";
import { findPeerPython } from "../support/peer-python.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const notes: string[] = [];
const peers = ["torch==2.13.0", "onnx", "onnxscript", "onnxruntime", "numpy"];
const python = await findPeerPython(peers, (text) => notes.push(text));
if (!python) process.stderr.write(`skipped: ${notes.join("; ")}\n`);

const folder = temporaryFolder("backbone-import");

/** Writes the nets; says which of them could not be written, and why. */
function writeNets(): Readonly<Record<string, string>> {
  const script = join(import.meta.dirname, "backbone-nets.py");
  const out = execFileSync(python!, [script, folder], { encoding: "utf8", maxBuffer: 2 ** 26, stdio: "pipe" });
  return JSON.parse(out.trim().split("\n").at(-1)!).skipped;
}

const skipped = python ? writeNets() : {};
const written = python ? readdirSync(folder).filter((name) => name.endsWith(".onnx")) : [];
const floats = written.filter((name) => !name.includes("qdq")).toSorted();
const differentiated = written.filter((name) => existsSync(join(folder, name.replace(".onnx", ".json"))));

/** Real backbones, where they are at hand. */
const data = join(import.meta.dirname, "../../../shared/data");
const realFolder = join(data, "backbones");
const photographs = join(data, "cats-dogs-fullres.zip");
const real = existsSync(realFolder) ? readdirSync(realFolder).filter((name) => name.endsWith(".onnx")) : [];

type Feeds = Readonly<Record<string, ReturnType<typeof float32>>>;

const nameOf = ({ producer }: Value): string => (producer.kind === "input" ? producer.name : "");

/** The first photographs, in the backbone's size and layout, each number -1 to 1. */
async function photographsFor({ inputs: [input] }: Graph, count: number): Promise<Feeds> {
  const dims = input!.type.shape.slice(1).map(Number);
  const isNchw = dims[0] === 3;
  const side = dims[1]!;
  const numbers = new Float32Array(count * 3 * side * side);
  const source = await openSource(photographs);
  let at = 0;
  for await (const sample of source.samples()) {
    if (at === count || !("bytes" in sample)) break;
    const picture = sharp(await sample.bytes())
      .toColourspace("srgb")
      .removeAlpha();
    const pixels = await picture.resize(side, side, { fit: "fill" }).raw().toBuffer();
    const own = numbers.subarray(at * 3 * side * side, ++at * 3 * side * side);
    for (const [place, byte] of pixels.entries()) {
      const [pixel, channel] = [Math.floor(place / 3), place % 3];
      own[isNchw ? channel * side * side + pixel : place] = byte / 127.5 - 1;
    }
  }
  await source.close();
  expect(at).toBe(count);
  return { [nameOf(input!)]: float32([count, ...dims], numbers) };
}

/** Noise for each input; two pictures for a free batch. */
function noiseFor({ inputs }: Graph): Feeds {
  const random = createRandom("pictures");
  const entries = inputs.map((value) => {
    const shape = value.type.shape.map((dim) => (typeof dim === "number" ? dim : 2));
    const data = Float32Array.from({ length: sizeOf(shape) }, () => random.next() * 2 - 1);
    return [nameOf(value), float32(shape, data)] as const;
  });
  return Object.fromEntries(entries);
}

async function answersOf(bytes: Uint8Array, feeds: Feeds): Promise<Readonly<Record<string, ArrayLike<number>>>> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const tensors = Object.entries(feeds).map(([name, { data, shape }]) => [
    name,
    new Tensor("float32", data as Float32Array, shape),
  ]);
  const answers = await session.run(Object.fromEntries(tensors));
  await session.release();
  return Object.fromEntries(Object.entries(answers).map(([name, { data }]) => [name, data as Float32Array]));
}

/** The largest |a - b|, over the largest |b| or 1. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>, least = 1): number {
  expect(a.length).toBe(b.length);
  let [most, scale] = [0, least];
  for (let at = 0; at < b.length; at++) {
    most = Math.max(most, Math.abs(a[at]! - b[at]!));
    scale = Math.max(scale, Math.abs(b[at]!));
  }
  return most / scale;
}

async function expectSameAnswers(path: string, feedsFor: (graph: Graph) => Feeds | Promise<Feeds> = noiseFor) {
  const bytes = readFileSync(path);
  const decoded = decodeModel(bytes, path);
  const feeds = await feedsFor(decoded.graph);
  const expected = await answersOf(bytes, feeds);
  const fixed = decoded.graph.inputs.reduce(
    (source, value) => withInputShape(source, nameOf(value), feeds[nameOf(value)]!.shape),
    decoded.graph,
  );
  for (const source of [decoded.graph, fixed]) {
    const found = await answersOf(encodeModel(source, {}, decoded.opset), feeds);
    for (const [name, numbers] of Object.entries(expected))
      expect(difference(found[name]!, numbers), `${path} ${name}`).toBeLessThan(1e-4);
  }
}

describe.skipIf(!python)("a backbone from another tool", () => {
  it("is written in at least five ways", () => {
    const ways = ["old11", "old17", "new", "nhwc-tf", "opset9", "qdq"];
    for (const way of ways)
      expect(
        written.some((name) => name.includes(way)),
        way,
      ).toBe(true);
    // PyTorch's old exporter has no form of this in opset 11.
    expect(Object.keys(skipped)).toEqual(["vit-mha-old11"]);
  });

  it.each(floats)("%s: answers the same when it is written again, with a free and with a fixed batch", async (name) => {
    await expectSameAnswers(join(folder, name));
  });

  it.each(floats)("%s: holds no op that cannot be differentiated", (name) => {
    const decoded = decodeModel(readFileSync(join(folder, name)), name);
    expect(nodesOf(Object.values(decoded.graph.outputs)).filter(({ op }) => op.imported)).toEqual([]);
    const [x] = decoded.graph.inputs;
    const fixed = reshapeInput(decoded.graph, nameOf(x!), [2, ...x!.type.shape.slice(1)]);
    const parameters = [...decoded.values.values()].filter(
      ({ producer, type }) => producer.kind === "constant" && type.dtype === "float32",
    );
    const outputs = Object.values(fixed.graph.outputs);
    expect(nonDifferentiableNodes([...parameters, ...fixed.graph.inputs], outputs)).toEqual([]);
  });

  it.each(differentiated)("%s: has PyTorch's gradients", async (name) => {
    const record = JSON.parse(readFileSync(join(folder, name.replace(".onnx", ".json")), "utf8"));
    const decoded = decodeModel(readFileSync(join(folder, name)), name);
    const { graph: fixed } = reshapeInput(decoded.graph, "x", [2, 3, 32, 32]);
    const y = fixed.outputs.y!;
    const loss = reduceSum(mul(y, constant(float32([2, 5], record.weights))));
    const names = Object.keys(record.gradients);
    expect(names.length).toBeGreaterThan(10);
    const targets = names.map((key) => (key === "x" ? fixed.inputs[0]! : decoded.values.get(key)!));
    const outputs = Object.fromEntries(gradients(loss, targets).map((value, at) => [`gradient ${names[at]}`, value]));
    const bytes = encodeModel(expandComposites(graph("gradients", fixed.inputs, outputs)), {}, decoded.opset);
    const found = await answersOf(bytes, { x: float32([2, 3, 32, 32], record.x) });
    for (const key of names)
      expect(difference(found[`gradient ${key}`]!, record.gradients[key], 1e-3), key).toBeLessThan(1e-4);
  });

  it("that is quantised keeps its 8 bits, answers the same and says why it is not trained", async () => {
    const path = join(folder, "resnet-qdq.onnx");
    await expectSameAnswers(path);
    const { graph: decoded, values } = decodeModel(readFileSync(path), path);
    expect(values.get("fc.weight_quantized")!.type).toEqual({ dtype: "int8", shape: [5, 16] });
    const refused = nonDifferentiableNodes(decoded.inputs, Object.values(decoded.outputs));
    expect(refused.map(({ op }) => op)).toContain("QuantizeLinear");
  });
});

describe.skipIf(real.length === 0)("a real backbone", () => {
  it.each(real)("%s: answers the same when it is written again", async (name) => {
    await expectSameAnswers(join(realFolder, name));
  });

  it.skipIf(!existsSync(photographs)).each(real)("%s: answers 200 photographs the same", async (name) => {
    await expectSameAnswers(join(realFolder, name), (source) => photographsFor(source, 200));
  });
});
