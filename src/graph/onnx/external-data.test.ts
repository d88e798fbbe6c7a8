import { beforeAll, describe, expect, it } from "vitest";
import { changed, modelFrom, moveOut } from "../../../tests/support/onnx-model.ts";
import { decodeModel } from "./decode.ts";
import { externalFilesOf, inlineExternalData } from "./external-data.ts";
import { parseModel } from "./metadata.ts";
import { modelDigest } from "./model-digest.ts";

const type = { dtype: "float32", shape: ["N", 2] } as const;
const tensor = (...numbers: number[]) => ({
  dtype: "float32" as const,
  shape: [numbers.length],
  data: Float32Array.from(numbers),
});
const add = (a: string, b: string, sum: string) => ({ opType: "Add", input: [a, b], output: [sum] });
const whole = modelFrom({
  nodes: [add("x", "v", "y"), add("y", "w", "z"), add("z", "u", "out")],
  inputs: { x: type },
  outputs: { out: type },
  initializers: { v: tensor(1, 2), u: tensor(7, 8), w: tensor(3, 4) },
});

type Place = Readonly<Record<string, string>>;

/** The same model with initializers elsewhere, by name. */
const external = (places: Readonly<Record<string, Place>>): Uint8Array =>
  changed(whole, ({ graph }) => {
    for (const tensor of graph!.initializer) if (places[tensor.name]) moveOut(tensor, places[tensor.name]!);
  });

const both = { v: { location: "w.data", length: "8" }, w: { location: "w.data", offset: "16", length: "8" } };
const file = new Uint8Array(24);
beforeAll(() => {
  file.set(new Uint8Array(Float32Array.of(1, 2).buffer));
  file.set(new Uint8Array(Float32Array.of(3, 4).buffer), 16);
});
const files = (bytes: Uint8Array = file) => new Map([["w.data", bytes]]);

describe("external data", () => {
  it("is put back into the model, in the order and form that it had", () => {
    const bytes = external(both);
    expect(externalFilesOf(bytes, "m")).toEqual(["w.data"]);
    const inlined = inlineExternalData(bytes, files(), "m");
    expect(externalFilesOf(inlined, "m")).toEqual([]);
    expect(modelDigest(parseModel(inlined, "m"), {})).toBe(modelDigest(parseModel(whole, "m"), {}));
    expect(decodeModel(inlined).graph.outputs.out).toBeDefined();
    expect(parseModel(inlined, "m").graph.initializer).toEqual(parseModel(whole, "m").graph.initializer);
  });

  it("goes to the file's end without a length, and leaves a model that has none as it is", () => {
    const bytes = external({ w: { location: "w.data", offset: "16" } });
    expect(parseModel(inlineExternalData(bytes, files(), "m"), "m")).toEqual(parseModel(whole, "m"));
    expect(externalFilesOf(whole, "m")).toEqual([]);
  });

  it.each([
    ["no place", { v: {} }, "Expected a location of external data; got none for initializer 'v' (m)"],
    ["a length that is none", { v: { location: "w.data", length: "-8" } }, "Expected length of external data"],
    ["a huge offset", { v: { location: "w.data", offset: "99999999999999999999" } }, "Expected offset of external"],
    [
      "more than there is",
      { v: { location: "w.data", offset: "20", length: "8" } },
      "Expected a file w.data of 28 bytes for 'v'; got one of 24 (m)",
    ],
    [
      "an offset beyond the end",
      { v: { location: "w.data", offset: "25" } },
      "Expected a file w.data of 25 bytes for 'v'",
    ],
    ["another file", { v: { location: "x.data" } }, "Expected the file x.data of initializer 'v'; got none (m)"],
    [
      "the same bytes several times",
      { v: { location: "w.data" }, w: { location: "w.data" } },
      "Expected external data of which each byte belongs to one initializer; got 48 B of 24 B (m)",
    ],
  ])("is refused with %s", (_, places: Readonly<Record<string, Place>>, message) => {
    expect(() => inlineExternalData(external(places), files(), "m")).toThrow(message);
  });

  it("that does not fit its shape is found when the model is decoded", () => {
    const bytes = inlineExternalData(external({ v: { location: "w.data", length: "12" } }), files(), "m");
    expect(() => decodeModel(bytes, "m")).toThrow("Expected 2 elements of initializer 'v'; got 3 (m)");
  });
});
