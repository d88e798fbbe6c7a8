import { describe, expect, it } from "vitest";
import {
  comparedAnalysis,
  fairAnalysis,
  perfectAnalysis,
  randomAnalysis,
} from "../../../tests/fixtures/analysed-answers.ts";
import type { BundleInfo } from "../../bundle/bundle.ts";
import { comparisonVerdict } from "./comparison.ts";
import { thinned } from "./curve-charts.ts";
import { renderEvaluationReport } from "./evaluation-report.ts";
import type { EvaluationFacts, ModelFigures } from "./facts.ts";
import { makePictureThumbnails } from "./picture-thumbnails.ts";

const labels = ["cat", "dog", "<b>bold</b>"];

function infoOf(names: readonly string[]): BundleInfo {
  return {
    labels: names,
    recipe: { width: 4, height: 4, channels: 3, fit: "cover", kernel: "lanczos3" },
    architecture: { name: "cnn", options: { widths: [8] } },
    lineage: {
      runId: "run-1",
      datasetHash: "d".repeat(64),
      source: "pictures",
      createdAt: "2025-01-02T03:04:05.000Z",
      seed: 7,
    },
    evaluation: { split: "test", count: 20, accuracy: 0.65, loss: 0.8 },
    parity: [],
  };
}

const modelOf = (path: string, names: readonly string[] = labels) =>
  ({ path, sizeBytes: 12_345, sha256: "a".repeat(64), info: infoOf(names) }) as const;

const figures: ModelFigures = {
  ...fairAnalysis(labels),
  latency: {
    one: { batchSize: 1, calls: 50, medianMs: 1.234, p95Ms: 120.4, picturesPerSecond: 810 },
    batch: { batchSize: 32, calls: 9, medianMs: 20, p95Ms: 25, picturesPerSecond: 1600 },
  },
  isTrainingData: true,
};

function pageFacts(more: Partial<EvaluationFacts> = {}): EvaluationFacts {
  return {
    model: modelOf("models/pets.onnx"),
    figures,
    data: "pictures",
    datasetHash: "d".repeat(64),
    split: "test",
    machine: { processor: "A processor", cores: 2 },
    thumbnails: new Map(),
    ...more,
  };
}

const render = (more: Partial<EvaluationFacts> = {}): Promise<string> =>
  renderEvaluationReport(pageFacts(more), { version: "1.2.3", now: new Date("2025-03-04T05:06:07Z") });

const sectionIds = (page: string): string[] => [...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id!);

describe("the page of an evaluation", () => {
  it("says accuracy with its interval, and has a section for everything that was measured", async () => {
    const page = await render();
    expect(page).toContain("65.00 % of 20 pictures classified correctly");
    expect(page).toContain("which played no part in its training");
    expect(sectionIds(page)).toEqual([
      "overview",
      "confusion",
      "classes",
      "wrong",
      "cells",
      "slices",
      "calibration",
      "thresholds",
      "curves",
      "latency",
      "lineage",
    ]);
    for (const text of ["1.23 ms", "120 ms", "A processor, 2 cores", "run-1", "models/pets.onnx (12.3 kB)"]) {
      expect(page).toContain(text);
    }
  });

  it("says what a quantised model was made from", async () => {
    const model = modelOf("int8.onnx");
    const quantization = {
      from: "f".repeat(64),
      method: "mse",
      pictures: 128,
      seed: 1,
      weights: "int8",
      activations: "uint8",
      layers: 7,
      quantizedLayers: 6,
    };
    const info = { ...model.info, lineage: { ...model.info.lineage, quantization } };
    expect(await render({ model: { ...model, info } })).toContain(
      "6 of 7 layers in 8 bits, mse ranges of 128 pictures, from ffffffffffff",
    );
  });

  it("has the top-5 accuracy where there are more than five classes", async () => {
    expect(await render()).not.toContain("op-5 accuracy");
    const many = ["a", "b", "c", "d", "e", "f"];
    const six = { ...randomAnalysis(many), isTrainingData: true };
    const { top5Accuracy } = six.evaluation;
    const { comparison } = comparedAnalysis(labels);
    const page = await render({
      model: modelOf("six.onnx", many),
      figures: six,
      against: { model: modelOf("old.onnx", many), figures: { ...six, comparison } },
    });
    expect(page).toContain(`${(100 * top5Accuracy!).toFixed(2)} %`);
    expect(page).toContain("top-5 accuracy");
    expect(page).toContain("Top-5 accuracy</th>");
  });

  it("needs nothing from anywhere, runs nothing, and is the same for the same facts", async () => {
    const page = await render();
    // Namespaces are names, not addresses.
    expect(page.replaceAll("http://www.w3.org/", "")).not.toMatch(/https?:|<script|<link/);
    expect(await render()).toBe(page);
  });

  it("shows names as text, whatever they hold", async () => {
    const page = await render({ data: "<img src=x onerror=alert(1)>\u202e" });
    expect(page).not.toContain("<b>bold</b>");
    expect(page).not.toContain("<img src=x");
    expect(page).not.toContain("\u202e");
  });

  it("shows wrong pictures as the model saw them", async () => {
    const wrong = figures.wrong[0]!.id;
    const thumbnails = await makePictureThumbnails(new Map([[wrong, new Uint8Array(48)]]), modelOf("m").info.recipe);
    const page = await render({ thumbnails });
    // Among the surest mistakes, and in its cell of the matrix.
    expect(page.match(/<img alt="The picture [^"]+" class="pixelated" src="data:image\/png;base64,/g)).toHaveLength(2);
    const inCells = figures.cells.reduce((sum, { pictures }) => sum + pictures.length, 0);
    expect(page.match(/no preview/g)).toHaveLength(figures.wrong.length + inCells - 2);
  });

  it("leads from the counts of the confusion matrix to their pictures, and back", async () => {
    const page = await render();
    const links = [...page.matchAll(/<td [^>]*title="[^"]*of the row"><a class="quiet" href="#([^"]+)">(\d+)<\/a>/g)];
    const { confusion } = figures.evaluation;
    const filled = confusion.flat().filter((count) => count > 0);
    expect(links.map(([, , count]) => Number(count))).toEqual(filled);
    for (const [, anchor] of links) expect(page.split(`<article class="cell" id="${anchor}" `)).toHaveLength(2);
    expect(page.match(/<a class="small" href="#confusion">/g)).toHaveLength(filled.length);
    expect(page).toContain('<h3><bdi class="name">cat</bdi> classified correctly</h3>');
  });

  it("says where the figures are too good", async () => {
    expect(await render({ split: "train" })).toContain("which the model was trained on");
    expect(await render({ split: "all" })).toContain("which hold the pictures that the model was trained on");
    expect(await render({ figures: { ...figures, isTrainingData: false } })).toContain("which is not the set");
  });

  it("leaves out what was not measured, and praises a model without mistakes", async () => {
    const page = await render({
      model: modelOf("m.onnx", ["cat", "dog"]),
      figures: { ...perfectAnalysis(["cat", "dog"]), isTrainingData: true },
    });
    expect(page).toContain("Every picture was classified correctly.");
    expect(sectionIds(page)).not.toContain("latency");
  });

  it("leads from the counts that are written in a matrix, too, to their pictures", async () => {
    const names = Array.from({ length: 14 }, (_, at) => `class ${at}`);
    const page = await render({
      model: modelOf("m.onnx", names),
      figures: { ...randomAnalysis(names), isTrainingData: true },
    });
    const chart = /<svg role="group".*?<\/svg>/s.exec(page)![0];
    const written = [...chart.matchAll(/<a xlink:href="#(cell-\d+-\d+)"[^>]*><text/g)].map(([, anchor]) => anchor!);
    expect(new Set(written).size).toBeGreaterThan(20);
    for (const anchor of written) expect(page).toContain(`<article class="cell" id="${anchor}" `);
  });

  it("draws a matrix of many classes, and lists the commonest confusions", async () => {
    const names = Array.from({ length: 40 }, (_, at) => `class ${at}`);
    const page = await render({
      model: modelOf("m.onnx", names),
      figures: { ...randomAnalysis(names), isTrainingData: true },
    });
    expect(page).toContain("Confusion matrix of 40 classes");
    expect(page).toContain("Commonest confusions");
    expect(page).toContain("The lowest F1 first.");
    const chart = /<svg role="group".*?<\/svg>/s.exec(page)![0];
    const links = [...chart.matchAll(/<a xlink:href="#(cell-\d+-\d+)"/g)].map(([, anchor]) => anchor!);
    expect(links).toHaveLength(60);
    for (const anchor of links) expect(page).toContain(`<article class="cell" id="${anchor}" `);
  });
});

describe("two models side by side", () => {
  const compared = comparedAnalysis(labels);
  const against = {
    model: modelOf("models/other.onnx"),
    figures: { ...compared, isTrainingData: true, trainedOn: 3 },
  };

  it("have a section of their own, with the pictures on which they disagree", async () => {
    const page = await render({ against });
    expect(sectionIds(page)[1]).toBe("comparison");
    expect(page).toContain("McNemar’s test");
    expect(page).toContain("trained on 3 of these pictures");
    expect(page).toContain("Only this model is right");
    expect(page).toContain("models/other.onnx");
  });

  it("are judged in a sentence", () => {
    const verdict = (difference: number, isSignificant: boolean): string =>
      comparisonVerdict({
        comparison: {
          ...compared.comparison,
          difference,
          differenceInterval: { low: difference - 0.01, high: difference + 0.01 },
          isSignificant,
        },
      });
    expect(verdict(0.02, true)).toMatch(
      /^The other model is better by 2\.00 points \(95 % interval 1\.00 to 3\.00\), more/,
    );
    expect(verdict(-0.02, true)).toMatch(/^This model is better by 2\.00 points \(95 % interval 1\.00 to 3\.00\)/);
    expect(verdict(0.005, false)).toMatch(
      /^The other model is right more often by 0\.50 points .*-0\.50 to 1\.50.*chance/,
    );
    expect(verdict(0, false)).toMatch(/^Both models are right equally often/);
  });
});

describe("a curve of many points", () => {
  it("keeps its ends and what can be seen", () => {
    const points = Array.from({ length: 10_001 }, (_, at) => ({ x: at / 10_000, y: (at / 10_000) ** 2 }));
    const kept = thinned(points);
    expect(kept.length).toBeLessThan(800);
    expect([kept[0], kept.at(-1)]).toEqual([points[0], points.at(-1)]);
  });
});
