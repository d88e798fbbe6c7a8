import { describe, expect, it } from "vitest";
import { tinyModel } from "../../tests/support/tiny-bundle.ts";
import type { AppError } from "../base/errors.ts";
import { encodeModel } from "../graph/onnx/encode.ts";
import { readMetadata } from "../graph/onnx/metadata.ts";
import { encodeBundle, maximumHistory, parityPicture, parseBundle } from "./bundle.ts";

const { graph, info } = tinyModel();
const whole = { ...info, parity: [{ seed: 1, probabilities: [0.25, 0.5, 0.25] }] };
const bytes = encodeBundle(graph, whole);

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
    expect(parseBundle(bytes, "m.onnx")).toEqual(whole);
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
    const metadata = readMetadata(bytes);
    const tooLong = Array.from({ length: maximumHistory + 1 }, (_, at) => ({ epoch: at + 1, ...epoch }));
    for (const wrong of ["[{}]", "7", "[", JSON.stringify(tooLong)]) {
      expect(fault({ ...metadata, "pawprint.history": wrong }).message).toContain("pawprint.history");
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
    const metadata = readMetadata(bytes);
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

describe("a parity picture", () => {
  it("follows from its seed and fills the recipe's size", () => {
    const picture = parityPicture(3, info.recipe);
    expect(picture).toHaveLength(6 * 4 * 3);
    expect(parityPicture(3, info.recipe)).toEqual(picture);
    expect(parityPicture(4, info.recipe)).not.toEqual(picture);
  });
});
