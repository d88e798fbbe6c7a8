/** What an evaluation says beyond accuracy, as people read it in a terminal. */
import type { Analysis } from "../../metrics/analyse-answers.ts";
import type { ModelComparison } from "../../metrics/compare-answers.ts";
import type { AgainstEvaluation } from "../../train/evaluation/evaluate-bundle.ts";
import type { ModelEvaluation } from "../../train/evaluation/model-evaluation.ts";
import { alignRows, rightColumn as right, type Style, table } from "../frame/console.ts";
import { shownName } from "../paths.ts";
import { percent } from "./evaluation-text.ts";

/** Surest mistakes and worse slices that are listed; the page shows more. */
const listed = 5;

/**
 * Calibration, ranking, latency, thresholds, worse slices and surest mistakes, in several lines.
 */
export function analysisText(model: ModelEvaluation, style: Style): string {
  return [
    alignRows(factRows(model).map(([name, text]) => [style.bold(name), text])),
    "",
    thresholdText(model, style),
    ...wrongText(model, style),
  ].join("\n");
}

function factRows({ calibration, uncalibrated, macro, latency, slices }: ModelEvaluation) {
  const { expectedCalibrationError: ece, brierScore, temperature } = calibration;
  const before = uncalibrated
    ? `, temperature ${temperature.toFixed(3)} (error without it ${percent(uncalibrated.expectedCalibrationError)})`
    : "";
  const worse = slices.filter(({ isWorse }) => isWorse);
  const worseText = worse
    .slice(0, listed)
    .map(({ dimension, name, accuracy, count }) => `${dimension} ${shownName(name)}: ${percent(accuracy)} of ${count}`);
  return [
    ["Calibration", `error ${percent(ece)}, Brier score ${brierScore.toFixed(4)}${before}`],
    ...(macro
      ? [["Ranking", `area under ROC ${macro.auc.toFixed(4)}, average precision ${macro.averagePrecision.toFixed(4)}`]]
      : []),
    ...(latency
      ? [
          [
            "Latency",
            `${latency.one.medianMs.toFixed(2)} ms a picture (95th percentile ${latency.one.p95Ms.toFixed(2)}); ${latency.batch.picturesPerSecond.toFixed(0)} pictures/s in batches of ${latency.batch.batchSize}`,
          ],
        ]
      : []),
    [
      "Slices",
      worse.length === 0
        ? `${slices.length}, none worse than the rest by more than chance`
        : `worse than the rest: ${worseText.join("; ")}${worse.length > listed ? ` and ${worse.length - listed} more` : ""}`,
    ],
  ] as const satisfies readonly (readonly string[])[];
}

function thresholdText({ thresholds }: Analysis, style: Style): string {
  return table(
    ["CONFIDENCE FROM", right("ANSWERED"), right("ACCURACY")],
    thresholds.map(({ threshold, coverage, accuracy }) => [
      style.bold(String(threshold)),
      percent(coverage, 1),
      accuracy === undefined ? "-" : percent(accuracy),
    ]),
  );
}

function wrongText({ wrong }: Analysis, style: Style): readonly string[] {
  if (wrong.length === 0) return [];
  const rows = wrong
    .slice(0, listed)
    .map(({ id, label, answer, confidence }) => [
      shownName(id),
      `is ${shownName(label)}, answered ${shownName(answer)}`,
      style.yellow(percent(confidence)),
    ]);
  return ["", style.bold("Surest mistakes"), alignRows(rows)];
}

/** Both models' figures side by side, and what McNemar's test says. */
export function comparisonText(
  names: readonly [first: string, second: string],
  first: ModelEvaluation,
  second: AgainstEvaluation,
  style: Style,
): string {
  const row = (name: string, show: (model: ModelEvaluation) => string | undefined): readonly string[] => [
    style.bold(name),
    show(first) ?? "-",
    show(second) ?? "-",
  ];
  const { mcnemar, bothRight, bothWrong } = second.comparison;
  return [
    table(
      ["", right(shownName(names[0])), right(shownName(names[1]))],
      [
        row("accuracy", ({ evaluation }) => percent(evaluation.accuracy)),
        ...(first.evaluation.top5Accuracy === undefined
          ? []
          : [
              row("top-5 accuracy", ({ evaluation: { top5Accuracy: top5 } }) =>
                top5 === undefined ? undefined : percent(top5),
              ),
            ]),
        row("loss", ({ evaluation }) => evaluation.loss.toFixed(4)),
        row("calibration error", ({ calibration }) => percent(calibration.expectedCalibrationError)),
        row("area under ROC", ({ macro }) => macro?.auc.toFixed(4)),
        ...(first.latency ? [row("ms a picture", ({ latency }) => latency?.one.medianMs.toFixed(2))] : []),
        [style.bold("right alone"), String(mcnemar.onlyFirstRight), String(mcnemar.onlySecondRight)],
      ],
    ),
    `Both right: ${bothRight}; both wrong: ${bothWrong}`,
    verdictText(names, second.comparison),
  ].join("\n");
}

function verdictText(names: readonly [string, string], comparison: ModelComparison): string {
  const { difference, differenceInterval, isSignificant, mcnemar } = comparison;
  const test = `McNemar's ${mcnemar.method} p = ${mcnemar.pValue.toPrecision(2)}`;
  if (difference === 0) return `both are right equally often, ${test}`;
  const sign = Math.sign(difference);
  const points = (share: number): string => (100 * sign * share).toFixed(2);
  const { low, high } = differenceInterval;
  const range = `95 % interval ${points(sign > 0 ? low : high)} to ${points(sign > 0 ? high : low)}`;
  const better = shownName(names[difference > 0 ? 1 : 0]);
  const verdict = isSignificant ? "is better" : "is right more often, which chance explains as well,";
  return `${better} ${verdict} by ${points(difference)} points (${range}), ${test}`;
}
