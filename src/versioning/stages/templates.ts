/** `${...}` in dvc.yaml: values with the variables filled in. */
import { AppError } from "../../base/errors.ts";
import type { ParamMap, ParamValue } from "../formats/param-value.ts";
import { pythonFloat } from "../formats/python-number.ts";

/** What a template may use, and where it stands. */
export interface TemplateScope {
  readonly variables: ParamMap;
  /** For messages: `dvc.yaml, stage train, cmd`. */
  readonly where: string;
  /**
   * `plain`: texts, numbers, true, false and null. `command`: mappings too, which become options of
   * a command line. `any`: lists and mappings too.
   */
  readonly takes: "plain" | "command" | "any";
  /** Characters that templates may still make, counted down. */
  readonly budget: { characters: number };
}

const template = /(?<!\\)\$\{([^\n]*?)\}/g;
const word = String.raw`[^.[\]]+`;
const path = new RegExp(String.raw`^${word}(?:\s*\.${word}|\s*\[${word}\])*\s*$`);

export function hasTemplate(value: ParamValue): boolean {
  if (typeof value === "string") return value.search(template) !== -1;
  if (value instanceof Map) return [...value].some(([key, one]) => hasTemplate(key) || hasTemplate(one));
  return Array.isArray(value) && value.some(hasTemplate);
}

/** A value with all templates in it filled in, names of mappings too. Errors: PIPELINE_INVALID. */
export function fillIn(value: ParamValue, scope: TemplateScope): ParamValue {
  if (typeof value === "string") return fillText(value, scope);
  if (value instanceof Map) {
    return new Map([...value].map(([key, one]) => [asText(fillText(key, scope), scope.where), fillIn(one, scope)]));
  }
  return Array.isArray(value) ? value.map((one) => fillIn(one, scope)) : value;
}

/** A text that is one template alone becomes the variable's value, of whatever type. */
function fillText(text: string, scope: TemplateScope): ParamValue {
  const matches = [...text.matchAll(template)];
  if (matches.length === 1 && matches[0]![0] === text) return takenValue(matches[0]![1]!, scope);
  let filled = "";
  let end = 0;
  for (const match of matches) {
    const value = asText(takenValue(match[1]!, scope), scope.where);
    scope.budget.characters -= value.length;
    if (scope.budget.characters < 0)
      throw invalid("templates that make texts of at most 64 MiB", "more than that", scope.where);
    filled += text.slice(end, match.index) + value;
    end = match.index + match[0].length;
  }
  return `${filled}${text.slice(end)}`.replaceAll("\\${", "${");
}

function takenValue(expression: string, scope: TemplateScope): ParamValue {
  const value = select(expression, scope);
  const isPlain = value === null || typeof value !== "object";
  if (isPlain || scope.takes === "any" || (scope.takes === "command" && value instanceof Map)) return value;
  const received = value instanceof Map ? "a mapping" : "a list";
  throw invalid("a text, number, true or false for a template", `${received}, '${shown(expression)}'`, scope.where);
}

/** The variable behind a path of names: `a.b[0].c`. */
function select(expression: string, { variables, where }: TemplateScope): ParamValue {
  if (!path.test(expression)) {
    throw invalid("a variable such as train.lr or names[0]", `'${shown(expression)}'`, where);
  }
  let value: ParamValue | undefined = variables;
  for (const part of expression.replaceAll("[", ".").replaceAll("]", "").split(".")) {
    const name = part.trim();
    if (value instanceof Map) value = value.get(name);
    else if (Array.isArray(value) && /^[+-]?\d+$/.test(name)) value = value.at(Number(name));
    else value = undefined;
    if (value === undefined) {
      throw invalid("a variable that params.yaml or vars defines", `'${shown(expression)}'`, where);
    }
  }
  return value ?? null;
}

function shown(expression: string): string {
  return `\${${expression.slice(0, 80)}}`;
}

/** As Python's str writes a value, but for true and false. Errors: PIPELINE_INVALID for a list. */
export function asText(value: ParamValue, where: string): string {
  if (typeof value === "boolean") return String(value);
  if (value instanceof Map) return asOptions(value, where);
  if (typeof value === "object" && value !== null)
    throw invalid("a text, number, true or false for a template", "a list", where);
  return pythonText(value);
}

/** As Python's str writes it. */
export function pythonText(value: null | boolean | string | bigint | number): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "number" ? pythonFloat(value) : String(value);
}

/** A mapping as options of a command line: `--lr 0.1 --layers 1 2`. */
function asOptions(map: ParamMap, where: string): string {
  const words: string[] = [];
  const add = (name: string, value: ParamValue): void => {
    if (value instanceof Map) {
      for (const [key, one] of value) add(name === "" ? key : `${name}.${key}`, one);
    } else if (Array.isArray(value)) {
      if (value.length > 0) words.push(`--${name}`, ...value.map((one) => optionWord(one, name, where)));
    } else if (typeof value === "boolean") {
      if (value) words.push(`--${name}`);
    } else words.push(`--${name}`, optionWord(value, name, where));
  };
  add("", map);
  return words.join(" ");
}

/** Quoted for a shell where that is needed, as Python's shlex.quote does. */
function optionWord(value: ParamValue, name: string, where: string): string {
  if (typeof value === "object" && value !== null) {
    throw invalid("lists of plain values in a mapping that becomes options", `a nested list in '${name}'`, where);
  }
  if (typeof value !== "string") return pythonText(value);
  if (value !== "" && /^[\w@%+=:,./-]+$/.test(value)) return value;
  return `'${value.replaceAll("'", `'"'"'`)}'`;
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("PIPELINE_INVALID", { required, received, where });
}
