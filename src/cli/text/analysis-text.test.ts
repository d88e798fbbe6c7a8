import { describe, expect, it } from "vitest";
import { comparedAnalysis, fairAnalysis } from "../../../tests/fixtures/analysed-answers.ts";
import type { AgainstEvaluation } from "../../train/evaluation/evaluate-bundle.ts";
import type { ModelEvaluation } from "../../train/evaluation/model-evaluation.ts";
import { createStyle } from "../frame/console.ts";
import { analysisText, comparisonText } from "./analysis-text.ts";

const plain = createStyle(false);
const labels = ["cat", "dog", "owl"];
// What is shown of a model is its analysis; answers and data play no part.
const first = { ...fairAnalysis(labels), isTrainingData: true } as unknown as ModelEvaluation;
const second = { ...comparedAnalysis(labels), isTrainingData: true } as unknown as AgainstEvaluation;

describe("what an evaluation says in a terminal", () => {
  it("is calibration, ranking, thresholds and the surest mistakes", () => {
    const text = analysisText(first, plain);
    expect(text).toMatch(
      /^Calibration {2}error \d+\.\d\d %, Brier score 0\.4712, temperature 1\.250 \(error without it /,
    );
    expect(text).toMatch(/\nRanking +area under ROC 0\.8393, average precision 0\.7343\n/);
    expect(text).toMatch(/\n0\.5 +\d+\.\d % +\d+\.\d\d %\n/);
    expect(text.split("Surest mistakes\n")[1]!.split("\n")).toHaveLength(5);
    expect(text).not.toContain("Latency");
  });

  it("puts two models side by side, and says how much better one is", () => {
    const text = (difference: number, isSignificant: boolean): string =>
      comparisonText(
        ["old.onnx", "new.onnx"],
        first,
        {
          ...second,
          comparison: {
            ...second.comparison,
            difference,
            differenceInterval: { low: difference - 0.01, high: difference + 0.02 },
            isSignificant,
          },
        },
        plain,
      );
    expect(text(0.03, true)).toMatch(
      /\nnew\.onnx is better by 3\.00 points \(95 % interval 2\.00 to 5\.00\), McNemar's .* p = /,
    );
    expect(text(-0.03, true)).toMatch(/\nold\.onnx is better by 3\.00 points \(95 % interval 1\.00 to 4\.00\)/);
    expect(text(-0.005, false)).toMatch(
      /\nold\.onnx is right more often, which chance explains as well, by 0\.50 points/,
    );
    expect(text(0, false)).toMatch(/\nboth are right equally often, McNemar's /);
    expect(text(0, false)).not.toContain("ms a picture");
  });
});
