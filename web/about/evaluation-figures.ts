/** The figures of a model's evaluation that the page shows. */
import type { ModelDescription } from "../service/api.ts";

export interface EvaluationFigures {
  readonly split: string;
  readonly accuracy: number;
  readonly interval: { readonly low: number; readonly high: number } | undefined;
  readonly count: number | undefined;
  readonly classes: readonly ClassFigures[];
}

export interface ClassFigures {
  readonly label: string;
  readonly count: number;
  readonly precision: number;
  readonly recall: number;
}

/** Undefined for a bundle without an accuracy. The contract leaves the figures of a bundle open. */
export function figuresOf(evaluation: ModelDescription["evaluation"]): EvaluationFigures | undefined {
  const { split, accuracy, accuracyInterval, count, classes } = evaluation;
  if (typeof accuracy !== "number") return undefined;
  return {
    split: typeof split === "string" ? split : "test",
    accuracy,
    interval: isInterval(accuracyInterval) ? accuracyInterval : undefined,
    count: typeof count === "number" ? count : undefined,
    classes: Array.isArray(classes) ? classes.filter(isClass) : [],
  };
}

function isInterval(value: unknown): value is NonNullable<EvaluationFigures["interval"]> {
  return hasNumbers(value, ["low", "high"]);
}

function isClass(value: unknown): value is ClassFigures {
  return hasNumbers(value, ["count", "precision", "recall"]) && typeof value.label === "string";
}

function hasNumbers(value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === "number");
}
