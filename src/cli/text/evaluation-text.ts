/**
 * An evaluation as people read it: accuracy with its interval, a row for each class, the
 * confusions.
 */
import type { Evaluation } from "../../metrics/classification-metrics.ts";
import { alignRows, bar, rightColumn as right, type Style, table } from "../frame/console.ts";

/**
 * More classes than this make a matrix that no terminal shows; the commonest confusions are listed
 * instead.
 */
const matrixLimit = 12;
const barWidth = 20;

/** `93.27 %` */
export function percent(fraction: number, digits = 2): string {
  return `${(100 * fraction).toFixed(digits)} %`;
}

/**
 * Every figure of an evaluation, in several lines; `name` is what it was made on: "the test split".
 */
export function evaluationText(name: string, evaluation: Evaluation, style: Style): string {
  const { count, accuracy, accuracyInterval, loss, top5Accuracy } = evaluation;
  const top5 = top5Accuracy === undefined ? "" : `top-5 accuracy ${percent(top5Accuracy)}, `;
  const interval = `${(100 * accuracyInterval.low).toFixed(2)} to ${percent(accuracyInterval.high)}`;
  return [
    `${style.bold(`Accuracy on ${name}: ${percent(accuracy)}`)}  (95 % interval ${interval})`,
    `${count} pictures, ${top5}loss ${loss.toFixed(4)}`,
    "",
    classTable(evaluation, style),
    "",
    confusionText(evaluation, style),
  ].join("\n");
}

function classTable({ classes }: Evaluation, style: Style): string {
  return table(
    ["CLASS", right("PICTURES"), right("PRECISION"), right("RECALL"), right("F1"), ""],
    classes.map(({ label, count, precision, recall, f1 }) => [
      style.bold(label),
      `${count}`,
      percent(precision),
      percent(recall),
      f1.toFixed(4),
      style.green(bar(f1, barWidth)),
    ]),
  );
}

function confusionText({ confusion, classes }: Evaluation, style: Style): string {
  const labels = classes.map(({ label }) => label);
  return labels.length <= matrixLimit ? matrix(confusion, labels, style) : commonest(confusion, labels);
}

function matrix(confusion: Evaluation["confusion"], labels: readonly string[], style: Style): string {
  const rows = confusion.map((answers, target) => [
    style.bold(labels[target]!),
    ...answers.map((count, answer) => {
      if (count === 0) return style.dim("0");
      return answer === target ? style.green(`${count}`) : style.yellow(`${count}`);
    }),
  ]);
  const aligns = ["left" as const, ...labels.map(() => "right" as const)];
  return `Confusion (rows: what it is; columns: what was answered)\n${alignRows([["", ...labels], ...rows], aligns)}`;
}

function commonest(confusion: Evaluation["confusion"], labels: readonly string[]): string {
  const pairs = confusion.flatMap((answers, target) =>
    answers.flatMap((count, answer) => (answer === target || count === 0 ? [] : [{ count, target, answer }])),
  );
  if (pairs.length === 0) return "No picture was taken for another class.";
  const worst = pairs.sort((a, b) => b.count - a.count).slice(0, 10);
  const rows = worst.map(({ count, target, answer }) => [`${count} x`, labels[target]!, "taken for", labels[answer]!]);
  return `Commonest confusions\n${alignRows(rows, ["right"])}`;
}
