/** The charts of an evaluation as SVG, by name. */
import type { BundleEvaluation } from "../train/evaluation/evaluate-bundle.ts";

const chartTitles = {
  reliability: "Reliability: accuracy by confidence",
  confidence: "Confidence of the answers",
  roc: "ROC curves",
  "precision-recall": "Precision and recall",
  thresholds: "Accuracy and share answered, by threshold",
  confusion: "Confusion matrix",
} as const;
export type ChartName = keyof typeof chartTitles;
export const chartNames = Object.keys(chartTitles) as ChartName[]; // the keys of a constant are its names

/** The chart libraries load slowly, so they are loaded on demand. */
export async function drawCharts(evaluation: BundleEvaluation): Promise<readonly (readonly [ChartName, string])[]> {
  const [{ renderChart }, { titled }, confidence, curve, { confusionChart, confusionLimits }] = await Promise.all([
    import("../report/charts/chart.ts"),
    import("../report/charts/spec-parts.ts"),
    import("../report/evaluation/confidence-charts.ts"),
    import("../report/evaluation/curve-charts.ts"),
    import("../report/evaluation/confusion-chart.ts"),
  ]);
  const { calibration, curves, thresholds, evaluation: figures } = evaluation;
  const specs = [
    ["reliability", confidence.reliabilityChart(calibration.bins, calibration.expectedCalibrationError)],
    ["confidence", confidence.confidenceChart(calibration.bins)],
    ...(curves.length > 0
      ? ([
          ["roc", curve.rocChart(curves)],
          ["precision-recall", curve.precisionRecallChart(curves)],
        ] as const)
      : []),
    ["thresholds", confidence.coverageChart(thresholds)],
    ...(figures.classes.length <= confusionLimits.classes ? ([["confusion", confusionChart(figures)]] as const) : []),
  ] as const;
  return Promise.all(
    specs.map(async ([name, spec]) => [name, await renderChart(titled(spec, chartTitles[name]))] as const),
  );
}
