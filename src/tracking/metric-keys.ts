/** What is known of a metric from its key alone: which direction is better, and how telling it is. */
import { byCodeUnits } from "../base/by-code-units.ts";

export type MetricGoal = "highest" | "lowest";

const lowest =
  /(^|[^a-z])(loss|error|errors|err|mae|mse|rmse|nll|ece|brier|perplexity|wer|cer|latency|divergence|regret|miss|misses)([^a-z]|$)/;
const highest =
  /(^|[^a-z])(accuracy|acc|top\d*|f\d|f_?beta|fbeta|auc|auroc|auprc|roc|ap|map|precision|recall|specificity|sensitivity|iou|miou|dice|bleu|rouge|r2|kappa|mcc|score|ndcg|mrr|per_second)([^a-z0-9]|$)/;

/** Which values of this metric are better; undefined where the key does not tell. */
export function metricGoal(key: string): MetricGoal | undefined {
  const words = key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  if (isSystemKey(key) || /learning_?rate|(^|[^a-z])lr([^a-z]|$)|epoch_seconds/.test(words)) return undefined;
  if (lowest.test(words.replaceAll("_", " "))) return "lowest";
  return highest.test(words.replaceAll("_", " ").replaceAll("per second", "per_second")) ? "highest" : undefined;
}

/** Of the machine, not of the model. */
export function isSystemKey(key: string): boolean {
  return key.startsWith("system/");
}

/** What a training of Pawprint logs, the most telling first. */
export const usualMetrics = ["test_accuracy", "val_accuracy", "val_loss", "train_loss"] as const;

/** The keys, those that tell most of a run first: results, then validation, then training, then the rest by name. */
export function byTelling(keys: Iterable<string>): string[] {
  return [...keys].sort((a, b) => rankOf(a) - rankOf(b) || byCodeUnits(a, b));
}

function rankOf(key: string): number {
  const usual = (usualMetrics as readonly string[]).indexOf(key);
  if (usual >= 0) return usual;
  if (isSystemKey(key)) return 50;
  if (/^batch\//.test(key)) return 40;
  const split = /(^|[^a-z])test/i.test(key) ? 0 : /(^|[^a-z])(val|eval)/i.test(key) ? 1 : /train/i.test(key) ? 3 : 2;
  return 10 + 4 * split + (metricGoal(key) === "highest" ? 0 : metricGoal(key) === "lowest" ? 1 : 3);
}

/** Whether `value` is better than `other`; NaN is worse than any number. */
export function isBetter(goal: MetricGoal, value: number, other: number): boolean {
  if (Number.isNaN(value)) return false;
  return Number.isNaN(other) || (goal === "highest" ? value > other : value < other);
}
