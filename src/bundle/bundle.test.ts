import { describe, expect, it } from "vitest";
import { changed, messagesOf } from "../../tests/support/onnx-model.ts";
import { tinyModel } from "../../tests/support/tiny-bundle.ts";
import type { AppError } from "../base/errors.ts";
import { createRandom } from "../base/random.ts";
import { encodeModel } from "../graph/onnx/encode.ts";
import type { ModelProto } from "../graph/onnx/generated/onnx_pb.ts";
import { readMetadata } from "../graph/onnx/metadata.ts";
import { encodeBundle, maximumHistory, parityPicture, parseBundle, withReference } from "./bundle.ts";
import { packEmbeddings } from "./reference-embedding.ts";
import type { ReferenceProfile } from "./reference-profile.ts";

const { graph, info } = tinyModel();
const whole = { ...info, parity: [{ seed: 1, probabilities: [0.25, 0.5, 0.25] }] };
const bytes = encodeBundle(graph, whole);

/** What earlier versions wrote, which made no digest. */
const { "pawprint.digest": digest, ...metadata } = readMetadata(bytes);

function fault(metadata: Readonly<Record<string, string>>): AppError {
  try {
    parseBundle(encodeModel(graph, metadata), "m.onnx");
  } catch (error) {
    return error as AppError; // parseBundle throws nothing else; the assertions below would show it
  }
  throw new Error("the bundle was taken");
}

describe("a bundle", () => {
  it("gives back what was written into it", () => {
    expect(parseBundle(bytes, "m.onnx")).toEqual({ ...whole, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it("keeps the Git commit where there is one", () => {
    const lineage = { ...whole.lineage, gitCommit: "a".repeat(40) };
    expect(parseBundle(encodeBundle(graph, { ...whole, lineage }), "m.onnx").lineage).toEqual(lineage);
  });

  it("holds the training's history, and is read without it where it is of before that was kept", () => {
    const epoch = {
      trainLoss: 0.7,
      trainAccuracy: 0.5,
      validationLoss: 0.6,
      validationAccuracy: 0.6,
      learningRate: 1e-3,
    };
    const history = [1, 2].map((number) => ({ epoch: number, ...epoch }));
    expect(parseBundle(encodeBundle(graph, { ...whole, history }), "m.onnx").history).toEqual(history);
    expect(parseBundle(bytes, "m.onnx")).not.toHaveProperty("history");
    const tooLong = Array.from({ length: maximumHistory + 1 }, (_, at) => ({ epoch: at + 1, ...epoch }));
    for (const wrong of ["[{}]", "7", "[", JSON.stringify(tooLong)]) {
      expect(fault({ ...metadata, "pawprint.history": wrong }).message).toContain("pawprint.history");
    }
  });

  it("holds a reference profile, which can be put into one that has none", () => {
    const labels = whole.labels.length;
    const reference: ReferenceProfile = {
      version: 1,
      statisticsVersion: 1,
      split: "test",
      count: 2,
      accuracy: 1,
      meanConfidence: 0.9,
      expectedCalibrationError: 0.1,
      answerCounts: whole.labels.map((_, at) => (at === 0 ? 2 : 0)),
      sample: { answers: [0, 0], targets: [0, 1], confidences: [0.9, 0.9], statistics: { brightness: [90, 120.5] } },
    };
    expect(parseBundle(bytes, "m.onnx")).not.toHaveProperty("reference");
    const written = parseBundle(encodeBundle(graph, { ...whole, reference }), "m.onnx");
    const added = parseBundle(withReference(bytes, reference, "m.onnx"), "m.onnx");
    expect(written.reference).toEqual(reference);
    expect(added).toEqual(written);
    const { sample } = reference;
    const embedding = packEmbeddings(Float32Array.of(1, 2, 3, 4, 5, 6), 3, 1);
    const withEmbeddings = { ...reference, sample: { ...sample, embedding } };
    expect(parseBundle(withReference(bytes, withEmbeddings, "m.onnx"), "m.onnx").reference).toEqual(withEmbeddings);
    const changed = (change: object) => ({
      ...reference,
      sample: { ...sample, embedding: { ...embedding, ...change } },
    });
    const faults: readonly [string, unknown][] = [
      ["a number", 7],
      ["another version", { ...reference, version: 2 }],
      ["an unknown key", { ...reference, more: 1 }],
      ["a count too few", { ...reference, answerCounts: [2] }],
      ["counts that do not add up", { ...reference, count: 3 }],
      ["an unknown class", { ...reference, sample: { ...sample, answers: [0, labels] } }],
      ["an unknown target", { ...reference, sample: { ...sample, targets: [0, labels] } }],
      ["columns of unlike length", { ...reference, sample: { ...sample, statistics: { brightness: [90] } } }],
      ["a column of another name", { ...reference, sample: { ...sample, statistics: { hue: [1, 2] } } }],
      ["a confidence above 1", { ...reference, sample: { ...sample, confidences: [0.9, 1.1] } }],
      ["half a row", { ...reference, sample: { ...sample, probabilities: [1] } }],
      ["a part of an embedding", changed({ values: "AAAA/w==" })],
      ["more embeddings than pictures", changed({ values: "AAAAAAAAAAAA" })],
      ["embeddings that are no base64", changed({ values: "A-A_" })],
      ["a largest value too few", changed({ highs: [4, 5] })],
      ["a largest value below the least", changed({ highs: [4, 5, 2] })],
      ["an embedding of more than 32 numbers", changed({ lows: Array(33).fill(0), highs: Array(33).fill(1) })],
      ["too many pictures", { ...reference, sample: { ...sample, answers: Array(1001).fill(0) } }],
    ];
    for (const [name, wrong] of faults) {
      const refused = fault({ ...metadata, "pawprint.reference": JSON.stringify(wrong) });
      expect(refused.code, name).toBe("BUNDLE_INVALID");
      expect(refused.message, name).toContain("pawprint.reference");
    }
  });

  it("is refused where the bytes are no model", () => {
    expect(() => parseBundle(new Uint8Array([1, 2, 3]), "m.onnx")).toThrow(
      expect.objectContaining({ code: "MODEL_UNREADABLE" }),
    );
  });

  it("is refused where it is an ONNX model of another origin, or of a later format", () => {
    expect(fault({})).toMatchObject({
      code: "BUNDLE_INVALID",
      message: "Expected a bundle with pawprint.format 1 in its metadata; got an ONNX model without it (m.onnx)",
      hint: "train one with: pawprint train --data FOLDER",
    });
    expect(fault({ "pawprint.format": "2" }).message).toContain("got format 2");
  });

  it("is refused where a part of its metadata is missing, no JSON or of another type", () => {
    expect(fault({ ...metadata, "pawprint.labels": '["only one"]' }).message).toContain(
      "for pawprint.labels in its metadata",
    );
    expect(fault({ ...metadata, "pawprint.parity": "[" }).message).toContain("for pawprint.parity in its metadata");
    const deep = `{"accuracy":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
    expect(fault({ ...metadata, "pawprint.evaluation": deep }).code).toBe("BUNDLE_INVALID");
    expect(fault({ ...metadata, "pawprint.lineage": '{"runId":7}' }).message).toContain("pawprint.lineage.");
    expect(fault({ ...metadata, "pawprint.recipe": '{"width":0}' })).toMatchObject({ code: "RECIPE_INVALID" });
  });
});

describe("a bundle's digest", () => {
  const refused = (changedBytes: Uint8Array) =>
    expect(() => parseBundle(changedBytes, "m.onnx")).toThrow(
      expect.objectContaining({
        code: "BUNDLE_INVALID",
        message: "Expected graph, weights and metadata as they were exported (pawprint.digest); got others (m.onnx)",
      }),
    );

  it("does not fit where one bit of any weight is another", () => {
    const random = createRandom("flips");
    const weights = messagesOf(bytes).graph!.initializer.filter(({ rawData }) => rawData.length > 0);
    for (let flip = 0; flip < 64; flip++) {
      const at = random.integer(weights.length);
      const bit = random.integer(8 * weights[at]!.rawData.length);
      refused(
        changed(bytes, ({ graph: messages }) => {
          const tensor = messages!.initializer.find(({ name }) => name === weights[at]!.name)!;
          tensor.rawData = tensor.rawData.slice(); // it lies in `bytes`
          tensor.rawData[bit >> 3]! ^= 1 << (bit & 7);
        }),
      );
    }
  });

  const entryOf = ({ metadataProps }: ModelProto, name: string) => metadataProps.find(({ key }) => key === name)!;

  it("does not fit another op, order, shape or operator set, or other metadata of ours", () => {
    const changes: ((model: ModelProto) => unknown)[] = [
      ({ graph: messages }) => void messages!.node.reverse(),
      ({ graph: messages }) => Object.assign(messages!.node[0]!, { opType: "Neg" }),
      ({ graph: messages }) => void messages!.initializer[0]!.dims.push(1n),
      ({ opsetImport }) => Object.assign(opsetImport[0]!, { version: 21n }),
      (model) => Object.assign(entryOf(model, "pawprint.labels"), { value: '["a","b","c"]' }),
      (model) => Object.assign(entryOf(model, "pawprint.digest"), { value: "0".repeat(64) }),
    ];
    for (const change of changes) refused(changed(bytes, change));
  });

  it("stays where another tool writes the file again, or adds metadata of its own", () => {
    const again = changed(bytes, ({ metadataProps }) => {
      metadataProps.push({ ...metadataProps[0]!, key: "author", value: "someone" });
      metadataProps.reverse();
    });
    expect(again).not.toEqual(bytes);
    expect(parseBundle(again, "m.onnx").digest).toBe(digest);
  });

  it("is missing in bundles of earlier versions, which are read as before", () => {
    expect(parseBundle(encodeModel(graph, metadata), "m.onnx")).toEqual(whole);
  });
});

describe("metadata that would do harm", () => {
  it.each([
    ["evaluation", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`, "nested more than 64 levels deep"],
    ["evaluation", '{"accuracy":NaN}', "Expected JSON for pawprint.evaluation in its metadata; got other text"],
    ["evaluation", '{"accuracy":1e999}', "got a number beyond all numbers"],
    ["labels", '["cat","\\ud800"]', "labels of whole characters"],
    ["labels", JSON.stringify(Array.from({ length: 100_000 }, (_, at) => `class ${at}`)), "for pawprint.labels"],
    [
      "labels",
      JSON.stringify(["cat", "d".repeat(2000)]),
      "Expected a text of 1 to 1024 characters for pawprint.labels.1",
    ],
    ["lineage", JSON.stringify({ ...whole.lineage, runId: "r".repeat(10_000) }), "for pawprint.lineage.runId"],
    ["parity", JSON.stringify(Array(100).fill(whole.parity[0])), "for pawprint.parity"],
    ["parity", '[{"seed":1,"probabilities":[null]}]', "for pawprint.parity"],
  ])("is refused: %s %.40s", (key, value, message) => {
    const refusal = fault({ ...metadata, [`pawprint.${key}`]: value });
    expect(refusal).toMatchObject({ code: "BUNDLE_INVALID", message: expect.stringContaining(message) });
    expect(refusal.message.length).toBeLessThan(400);
  });

  it("is data where it looks like a prototype", () => {
    const evaluation = '{"__proto__":{"accuracy":1},"constructor":2}';
    const info = parseBundle(encodeModel(graph, { ...metadata, "pawprint.evaluation": evaluation }), "m.onnx");
    expect(info.evaluation.accuracy).toBeUndefined();
    expect(JSON.stringify(info.evaluation)).toBe(evaluation);
  });

  it("is bounded in size", () => {
    expect(fault({ ...metadata, note: "x".repeat(20 * 2 ** 20) })).toMatchObject({
      code: "MODEL_UNREADABLE",
      message: "Expected metadata of at most 16.8 MB; got 21.0 MB (m.onnx)",
    });
  });
});

describe("a parity picture", () => {
  it("follows from its seed and fills the recipe's size", () => {
    const picture = parityPicture(3, info.recipe);
    expect(picture).toHaveLength(6 * 4 * 3);
    expect(parityPicture(3, info.recipe)).toEqual(picture);
    expect(parityPicture(4, info.recipe)).not.toEqual(picture);
  });
});
