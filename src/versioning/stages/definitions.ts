/** Stages as a dvc.yaml defines them, one for each that foreach and matrix make, with templates filled in. */
import { AppError } from "../../base/errors.ts";
import type { ParamMap, ParamValue } from "../formats/param-value.ts";
import type { MetadataTree } from "../repo/metadata-tree.ts";
import { join } from "./join-path.ts";
import { asText, fillIn, hasTemplate, pythonText, type TemplateScope } from "./templates.ts";
import { type Variables, withVars } from "./variables.ts";

/** Where a definition stands. */
export interface DefinitionPlace {
  readonly tree: MetadataTree;
  /** The folder of the dvc.yaml. */
  readonly folder: string;
  /** For messages. */
  readonly where: string;
  readonly variables: Variables;
  readonly budget: TemplateScope["budget"];
}

/** One stage, without templates. */
export interface FilledDefinition {
  readonly name: string;
  /** From the repository's root. */
  readonly workFolder: string;
  readonly fields: ParamMap;
}

/** Stages that one foreach or matrix may make. */
const mostStages = 20_000;

/** `definition` has the form that dvc.yaml asks for. Errors: PIPELINE_INVALID, and those of `withVars`. */
export async function filledDefinitions(
  name: string,
  definition: ParamMap,
  place: DefinitionPlace,
): Promise<readonly FilledDefinition[]> {
  const where = `${place.where}, stage ${name}`;
  const scope = { ...place, variables: place.variables.values, where, takes: "any" } as const;
  const [each, matrix] = [definition.get("foreach"), definition.get("matrix")];
  if (each === undefined && matrix === undefined) {
    requireName(name, place.where);
    return [await filled(name, definition, place)];
  }
  const made = each === undefined ? combinations(matrix as ParamMap, scope) : itemsOf(each, scope); // a mapping by its form
  const template = each === undefined ? withoutKey(definition, "matrix") : (definition.get("do") as ParamMap); // likewise
  const all: FilledDefinition[] = [];
  for (const [key, more] of made) {
    requireName(key, where);
    const variables = {
      ...place.variables,
      values: new Map([...place.variables.values, ...more]),
      reserved: [...more.keys()],
    };
    all.push(await filled(`${name}@${key}`, template, { ...place, variables }));
  }
  return all;
}

/** Such a stage cannot be named: what follows the @ is taken for a part of a foreach. */
function requireName(name: string, where: string): void {
  if (name === "") throw invalid("a text that names each stage", "an empty one", where);
  if (name.includes("@")) throw invalid("names of stages without '@'", `'${name.slice(0, 80)}'`, where);
}

function withoutKey(map: ParamMap, key: string): ParamMap {
  return new Map([...map].filter(([one]) => one !== key));
}

async function filled(name: string, definition: ParamMap, place: DefinitionPlace): Promise<FilledDefinition> {
  const where = `${place.where}, stage ${name}`;
  const scope = (key: string, { values }: Variables): TemplateScope => ({
    variables: values,
    where: `${where}, ${key}`,
    takes: key === "cmd" ? "command" : "plain",
    budget: place.budget,
  });
  const fill = (key: string, value: ParamValue, variables: Variables): ParamValue =>
    fillIn(value, scope(key, variables));
  const wdir = fill("wdir", definition.get("wdir") ?? "", place.variables);
  // As for DVC, what counts as false is the dvc.yaml's own folder.
  if (typeof wdir !== "string" && wdir) throw invalid("a path under wdir", "another value", where);
  const workFolder = join(place.folder, typeof wdir === "string" ? wdir : "");
  const vars = (definition.get("vars") ?? []) as readonly ParamValue[]; // a list by its form
  const variables = await withVars(place.tree, place.variables, workFolder, vars, `${where}, vars`);
  const fields = [...definition].flatMap(([key, value]) =>
    key === "vars" ? [] : [[key, fill(key, value, variables)] as const],
  );
  return { name, workFolder, fields: new Map(fields) };
}

type Items = readonly (readonly [key: string, more: ParamMap])[];

/** The stages of a foreach by the names behind their @, and what each may use besides. */
function itemsOf(each: ParamValue, scope: TemplateScope): Items {
  const value = fillIn(each, scope);
  if (value instanceof Map) {
    requireFew(value.size, scope);
    const of = (key: string, item: ParamValue): ParamMap =>
      new Map([
        ["item", item],
        ["key", key],
      ]);
    return [...value].map(([key, item]) => [key, of(key, item)]);
  }
  if (!Array.isArray(value)) throw invalid("a list or mapping under foreach", "another value", scope.where);
  requireFew(value.length, scope);
  const isNested = value.some(isContainer);
  const named = value.map((item: ParamValue, at) => {
    const key = isNested ? String(at) : nameOf(item, written(each, at), scope);
    return [key, new Map([["item", item]])] as const;
  });
  return [...new Map(named)];
}

/** Every combination of a matrix's lists, the last list fastest. */
function combinations(matrix: ParamMap, scope: TemplateScope): Items {
  let all: (readonly [readonly string[], ParamMap])[] = [[[], new Map()]];
  for (const [name, given] of matrix) {
    const axis = asText(fillIn(name, scope), scope.where);
    const filledIn = fillIn(given, scope);
    const values = filledIn instanceof Map ? [...filledIn.keys()] : filledIn;
    if (!Array.isArray(values)) throw invalid("lists under matrix", `another value of '${axis}'`, scope.where);
    requireFew(all.length * values.length, scope);
    const named = values.map((value: ParamValue, at) => {
      const isName = filledIn instanceof Map;
      return [
        isContainer(value) ? `${axis}${at}` : isName ? String(value) : nameOf(value, written(given, at), scope),
        value,
      ] as const;
    });
    all = all.flatMap(([names, item]) =>
      named.map(([part, value]) => [[...names, part], new Map([...item, [axis, value]])] as const),
    );
  }
  const of = (key: string, item: ParamMap): ParamMap =>
    new Map<string, ParamValue>([
      ["item", item],
      ["key", key],
    ]);
  return [...new Map(all.map(([names, item]) => [names.join("-"), item]))].map(([key, item]) => [key, of(key, item)]);
}

function isContainer(value: ParamValue): boolean {
  return typeof value === "object" && value !== null;
}

/** The item of a list as dvc.yaml has it; undefined where the whole list is a template. */
function written(list: ParamValue, at: number): ParamValue | undefined {
  return Array.isArray(list) ? (list as readonly ParamValue[])[at] : undefined;
}

/** True and False where it came from a variable, true and false where dvc.yaml has the word itself. */
function nameOf(value: ParamValue, source: ParamValue | undefined, { where }: TemplateScope): string {
  const isVariable = source === undefined || hasTemplate(source);
  return isVariable && typeof value === "boolean" ? pythonText(value) : asText(value, where);
}

function requireFew(count: number, { where }: TemplateScope): void {
  if (count > mostStages) throw invalid(`at most ${mostStages} stages`, String(count), where);
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("PIPELINE_INVALID", { required, received, where });
}
