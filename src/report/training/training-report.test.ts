import { describe, expect, it } from "vitest";
import { fairAnalysis } from "../../../tests/fixtures/analysed-answers.ts";
import type { BundleInfo } from "../../bundle/bundle.ts";
import type { TrainingFacts } from "./facts.ts";
import { renderTrainingReport } from "./training-report.ts";

const labels = ["cat", "dog", "<b>bold</b>"];
const info: BundleInfo = {
  labels,
  recipe: { width: 4, height: 4, channels: 3, fit: "cover", kernel: "lanczos3" },
  architecture: { name: "cnn", options: { widths: [8] } },
  lineage: {
    runId: "run-1",
    datasetHash: "d".repeat(64),
    source: "pictures",
    createdAt: "2025-01-02T03:04:05Z",
    seed: 7,
  },
  evaluation: { split: "test", bestEpoch: 2 },
  history: [1, 2].map((epoch) => ({
    epoch,
    trainLoss: 1 / epoch,
    trainAccuracy: 0.5,
    validationLoss: 1 / epoch,
    validationAccuracy: 0.4 + epoch / 10,
    learningRate: 0.001,
  })),
  parity: [],
};

function factsOf(more: Partial<TrainingFacts> = {}): TrainingFacts {
  return {
    evaluation: {
      model: { path: "models/my pets.onnx", sizeBytes: 12_345, sha256: "a".repeat(64), info },
      figures: { ...fairAnalysis(labels), isTrainingData: true },
      data: "pictures",
      datasetHash: "d".repeat(64),
      split: "test",
      machine: { processor: "A processor", cores: 2 },
      thumbnails: new Map(),
    },
    summary: {
      pictures: 60,
      hash: "d".repeat(64),
      classes: labels.map((label, at) => ({ label, train: 10 + at, val: 4, test: at === 2 ? 1 : 5 })),
      duplicates: 2,
      duplicatesAcrossSplits: 0,
      skipped: 12,
      skippedByCode: { IMAGE_UNREADABLE: 12 },
      skippedFirst: [{ id: "cat/<torn>.jpg", code: "IMAGE_UNREADABLE", reason: "a damaged header" }],
    },
    choices: [{ label: "batch size", text: "8", reason: "24 training pictures" }],
    epochsBefore: 0,
    epochs: [1, 2].map(() => ({ imagesPerSecond: 120, durationMs: 1000 })),
    end: "finished",
    bestEpoch: 2,
    durationMs: 5000,
    environment: [["Node.js", "20.0.0"]],
    ...more,
  };
}

const render = (more?: Partial<TrainingFacts>): Promise<string> =>
  renderTrainingReport(factsOf(more), { version: "1.2.3", now: new Date("2025-03-04T05:06:07Z") });
const textOf = (page: string): string =>
  page
    .replace(/<style>.*?<\/style>/s, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");

describe("the page of a training", () => {
  it("says what went in, what was chosen and why, how it learned, what came out, how long it took, and what is next", async () => {
    const text = textOf(await render());
    for (const part of [
      "60 pictures in 3 classes from pictures ; 2 exact copies, each in the split of the picture that it copies; 12 pictures left out.",
      "batch size 8 24 training pictures",
      "The weights of epoch 2, with the best validation",
      "65.00 % of 20 pictures classified correctly",
      "came to its planned end: 2 epochs, the best one 2",
      "Epochs, validation included 2.0 s",
      "Reading, evaluation and export 3.0 s",
      "Training pictures a second, mean 120",
      "Node.js 20.0.0",
      "pawprint predict &#39;models/my pets.onnx&#39; PICTURE_OR_FOLDER",
      "and 11 more",
    ]) {
      expect(text).toContain(part);
    }
  });

  it("reads the data as the training did in the commands of the next steps", async () => {
    const text = textOf(await render({ readingFlags: " --layout splits" }));
    expect(text).toMatch(/pawprint evaluate \S+ pets\.onnx&#39; --data \S+ --layout splits --report evaluation\.html/);
  });

  it("needs nothing from anywhere, runs nothing, takes names for text, and is the same for the same facts", async () => {
    const page = await render();
    expect(page.replaceAll("http://www.w3.org/", "")).not.toMatch(/https?:|<script|<link|<b>bold|<torn>/);
    expect(await render()).toBe(page);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
  });

  it("counts the epochs since a training was resumed, for the time of that part", async () => {
    const text = textOf(await render({ epochsBefore: 1, durationMs: 3000 }));
    for (const row of ["Since it was resumed 3.0 s", "validation included 1.0 s", "evaluation and export 2.0 s"]) {
      expect(text.replace(/\s+/g, " ")).toContain(row);
    }
  });

  it("says that a training stopped early, and does not subtract epochs of before it was resumed", async () => {
    const text = textOf(await render({ end: "stopped-early", durationMs: 1500 }));
    expect(text).toContain("stopped early, since validation did not get better");
    expect(text).not.toContain("Reading, evaluation and export");
  });
});
