/**
 * MLflow's filter language for runs: comparisons joined by AND.
 * Source: mlflow/utils/search_utils.py of MLflow 3.17 (SearchUtils).
 */

import { type Identifier, numericAttributes, readIdentifier } from "./identifier.ts";
import { matchesPattern } from "./like-pattern.ts";
import type { SearchableRun } from "./searchable-run.ts";
import { describeToken, filterFault, type Token, tokensOf } from "./tokens.ts";

const numericOperators = ["=", "!=", "<", "<=", ">", ">="] as const;
const textOperators = ["=", "!=", "LIKE", "ILIKE"] as const;
const listOperators = ["IN", "NOT IN"] as const;
const nullOperators = ["IS NULL", "IS NOT NULL"] as const;
type Operator = (typeof numericOperators | typeof textOperators | typeof listOperators | typeof nullOperators)[number];

/** One comparison; the value is a number, a text, a list of texts, or none for IS NULL. */
export interface Clause {
  readonly on: Identifier;
  readonly operator: Operator;
  readonly value: number | string | readonly string[] | undefined;
}

export type RunFilter = readonly Clause[];

const what = "filter";

/** All runs where nothing is asked. Errors: FILTER_INVALID, with the character's number. */
export function parseRunFilter(text: string | undefined): RunFilter {
  const tokens = tokensOf(text ?? "", what);
  const clauses: Clause[] = [];
  for (let at = 0; tokens[at]?.kind !== "end"; ) {
    if (clauses.length > 0) {
      const joint = tokens[at]!;
      if (!isWord(joint, "AND")) throw filterFault(what, joint.at, "AND between two comparisons", describeToken(joint));
      at++;
    }
    const [clause, count] = readClause(tokens, at);
    clauses.push(clause);
    at += count;
  }
  return clauses;
}

function readClause(tokens: readonly Token[], start: number): [Clause, number] {
  const [on, identifierCount] = readIdentifier(tokens, start, what);
  const operatorAt = start + identifierCount;
  const [operator, operatorCount] = readOperator(tokens, operatorAt);
  const allowed = operatorsOf(on);
  if (operator === undefined || !allowed.includes(operator)) {
    const words = tokens.slice(operatorAt, operatorAt + operatorCount);
    const received = operator === undefined ? describeToken(words[0]!) : `'${operator}'`;
    throw filterFault(what, words[0]!.at, `${allowed.join(", ")} after ${nameOf(on)}`, received);
  }
  const valueAt = operatorAt + operatorCount;
  if (operator === "IS NULL" || operator === "IS NOT NULL")
    return [{ on, operator, value: undefined }, valueAt - start];
  if (operator === "IN" || operator === "NOT IN") {
    const [value, count] = readList(tokens, valueAt, on);
    return [{ on, operator, value }, valueAt + count - start];
  }
  return [{ on, operator, value: readValue(tokens[valueAt]!, on) }, valueAt + 1 - start];
}

function isNumeric(on: Identifier): boolean {
  return on.entity === "metric" || (on.entity === "attribute" && numericAttributes.has(on.key));
}

function operatorsOf(on: Identifier): readonly Operator[] {
  if (isNumeric(on)) return numericOperators;
  if (on.entity === "parameter" || on.entity === "tag") return [...textOperators, ...nullOperators];
  // MLflow takes lists for one attribute only.
  return on.entity === "dataset" || on.key === "run_id" ? [...textOperators, ...listOperators] : textOperators;
}

/** An operator of any kind and the number of its tokens; undefined where there is none. */
function readOperator(tokens: readonly Token[], at: number): [Operator | undefined, number] {
  const [first, second, third] = [tokens[at]!, tokens[at + 1], tokens[at + 2]];
  if (first.kind === "operator") return [numericOperators.find((operator) => operator === first.value), 1];
  if (isWord(first, "LIKE")) return ["LIKE", 1];
  if (isWord(first, "ILIKE")) return ["ILIKE", 1];
  if (isWord(first, "IN")) return ["IN", 1];
  if (isWord(first, "NOT") && isWord(second, "IN")) return ["NOT IN", 2];
  if (isWord(first, "IS") && isWord(second, "NULL")) return ["IS NULL", 2];
  if (isWord(first, "IS") && isWord(second, "NOT") && isWord(third, "NULL")) return ["IS NOT NULL", 3];
  return [undefined, 1];
}

function readValue(token: Token, on: Identifier): number | string {
  if (isNumeric(on)) {
    if (token.kind === "number") return Number(token.value);
    throw filterFault(what, token.at, `a number for ${nameOf(on)}`, describeToken(token));
  }
  if (isText(token)) return token.value;
  throw filterFault(what, token.at, `a text in quotes for ${nameOf(on)}`, describeToken(token));
}

function readList(tokens: readonly Token[], start: number, on: Identifier): [string[], number] {
  const values: string[] = [];
  const refuse = (token: Token, required: string): never => {
    throw filterFault(what, token.at, `${required} for ${nameOf(on)}`, describeToken(token));
  };
  if (!isMark(tokens[start]!, "(")) refuse(tokens[start]!, "a list such as ('a', 'b')");
  for (let at = start + 1; ; at += 2) {
    const value = tokens[at]!;
    // A comma may stand before the closing bracket.
    if (isMark(value, ")") && values.length > 0) return [values, at + 1 - start];
    if (!isText(value)) refuse(value, "a text in quotes");
    values.push(value.value);
    const next = tokens[at + 1]!;
    if (isMark(next, ")")) return [values, at + 2 - start];
    if (!isMark(next, ",")) refuse(next, "a comma or a closing bracket in the list");
  }
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === "name" && token.value.toUpperCase() === word;
}

function isMark(token: Token, mark: string): boolean {
  return token.kind === "punctuation" && token.value === mark;
}

function isText(token: Token): boolean {
  return token.kind === "text" || (token.kind === "quoted" && token.quote === '"');
}

function nameOf(on: Identifier): string {
  return on.entity === "attribute" ? on.key : `${on.entity} '${on.key}'`;
}

/** Whether the run passes all comparisons; a value that it does not have passes only IS NULL. */
export function matchesFilter(run: SearchableRun, filter: RunFilter): boolean {
  return filter.every((clause) => matchesClause(run, clause));
}

function matchesClause(run: SearchableRun, { on, operator, value }: Clause): boolean {
  if (on.entity === "dataset") return datasetValues(run, on.key).some((found) => compare(found, operator, value));
  const found = runValue(run, on);
  if (operator === "IS NULL") return found === undefined;
  if (operator === "IS NOT NULL") return found !== undefined;
  return found !== undefined && compare(found, operator, value);
}

/** A run's value of an identifier other than a dataset's. */
export function runValue(
  run: SearchableRun,
  on: Exclude<Identifier, { readonly entity: "dataset" }>,
): number | string | undefined {
  switch (on.entity) {
    case "metric":
      return run.metric(on.key);
    case "parameter":
      return run.param(on.key);
    case "tag":
      return run.tag(on.key);
    case "attribute":
      return run.attribute(on.key);
  }
}

function datasetValues(run: SearchableRun, field: "name" | "digest" | "context"): string[] {
  return run.datasets().flatMap((dataset) => {
    const value = field === "context" ? dataset.tags.get("mlflow.data.context") : dataset[field];
    return value === undefined ? [] : [value];
  });
}

function compare(found: number | string, operator: Operator, value: Clause["value"]): boolean {
  switch (operator) {
    case "=":
      return found === value;
    case "!=":
      return found !== value;
    case "LIKE":
      return matchesPattern(String(found), String(value));
    case "ILIKE":
      return matchesPattern(String(found).toLowerCase(), String(value).toLowerCase());
    case "IN":
      return Array.isArray(value) && value.includes(found);
    case "NOT IN":
      return Array.isArray(value) && !value.includes(found);
    case "IS NULL":
    case "IS NOT NULL":
      return false;
  }
  return typeof found === "number" && typeof value === "number" && compareNumbers(found, operator, value);
}

function compareNumbers(found: number, operator: "<" | "<=" | ">" | ">=", value: number): boolean {
  if (operator === "<") return found < value;
  if (operator === "<=") return found <= value;
  return operator === ">" ? found > value : found >= value;
}
