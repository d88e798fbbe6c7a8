import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvLine } from "../base/csv-line.ts";
import { AppError } from "../base/errors.ts";
import type { FilePrediction } from "./predict-files.ts";
import { csvHead, csvRow, mostLikely, recordOf } from "./prediction-formats.ts";

const seen: FilePrediction = {
  file: 'a "good", cat.jpg',
  label: "cat",
  confidence: 0.70000001,
  probabilities: { dog: 0.2, cat: 0.70000001, fox: 0.09999999 },
};
const unseen: FilePrediction = {
  file: "b.jpg",
  error: new AppError("IMAGE_UNREADABLE", { required: "a picture that is whole", received: "half of one" }),
};

/** Reads one CSV record as RFC 4180 defines it. */
function parseCsvLine(line: string): string[] {
  expect(line.endsWith("\r\n")).toBe(true);
  const fields = [...line.slice(0, -2).matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/gs)];
  return fields.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "");
}

describe("CSV", () => {
  it("has a column for each class and one for errors", () => {
    expect(csvHead(["cat", "a,b"])).toBe('file,label,confidence,probability_cat,"probability_a,b",error\r\n');
    expect(csvRow(seen, ["cat", "dog", "fox"])).toBe('"a ""good"", cat.jpg",cat,0.7,0.7,0.2,0.1,\r\n');
    expect(csvRow(unseen, ["cat", "dog"])).toBe(
      "b.jpg,,,,,IMAGE_UNREADABLE: Expected a picture that is whole; got half of one\r\n",
    );
  });

  it("gives back any fields to a reader of RFC 4180", () => {
    const field = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "é") });
    fc.assert(
      // A first field that is empty has no comma before it, which this small reader would pass
      // over.
      fc.property(fc.array(field, { minLength: 1 }), (fields) => {
        const line = ["first", ...fields];
        const isFormula = (field: string) => /^[=+\-@\t\r\n＝＋－＠]/.test(field) && Number.isNaN(Number(field));
        expect(parseCsvLine(csvLine(line))).toEqual(line.map((field) => (isFormula(field) ? `'${field}` : field)));
      }),
    );
  });
});

it("gives spreadsheets no formulas to run, and numbers as they are", () => {
  expect(csvLine(["=1+1", "@SUM(A1)", "-cat", "-0.5", "-1e-7", "+3", "cat"])).toBe(
    "'=1+1,'@SUM(A1),'-cat,-0.5,-1e-7,+3,cat\r\n",
  );
  // East Asian input methods write these, and spreadsheets take them for the same.
  expect(csvLine(["＝1+1", "＠A", "\n=1"])).toBe(`'＝1+1,'＠A,"'\n=1"\r\n`);
});

describe("records", () => {
  it("hold all classes or the most likely ones, rounded to six digits", () => {
    expect(recordOf(seen)).toEqual({
      file: seen.file,
      label: "cat",
      confidence: 0.7,
      probabilities: { cat: 0.7, dog: 0.2, fox: 0.1 },
    });
    expect(recordOf(seen, 2).probabilities).toEqual({ cat: 0.7, dog: 0.2 });
  });

  it("hold the error of a picture that could not be used", () => {
    expect(recordOf(unseen)).toEqual({
      file: "b.jpg",
      error: {
        code: "IMAGE_UNREADABLE",
        kind: "invalid",
        message: "Expected a picture that is whole; got half of one",
      },
    });
  });

  it("order classes by probability, equals as they come", () => {
    expect(mostLikely({ b: 0.25, a: 0.25, c: 0.5 }).map(([label]) => label)).toEqual(["c", "b", "a"]);
  });
});
