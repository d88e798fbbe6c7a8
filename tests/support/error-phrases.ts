/**
 * Finds the texts of `required` and `received` in source files, and those that are no noun phrases:
 * "Expected <required>; got <received>" must read as a sentence.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import ts from "typescript";

export interface ErrorPhrase {
  /** `src/base/errors.ts:12`. */
  readonly place: string;
  readonly field: Field;
  /** What is inserted stands as `…`. */
  readonly text: string;
}

const fields = ["required", "received"] as const;
type Field = (typeof fields)[number];

/** Positions of the parameters that a helper such as `invalid(required, received)` hands on. */
type Helper = Readonly<Partial<Record<Field, number>>>;

/**
 * The literal texts in `new AppError(code, { required, received })`, and in calls of functions with
 * parameters of these names; those may be imported from another file.
 */
export function errorPhrasesIn(path: string): readonly ErrorPhrase[] {
  const source = parse(path);
  const helpers = new Map([...importedHelpers(source), ...helpersOf(source)]);
  const phrases: ErrorPhrase[] = [];
  const add = (field: Field, expression: ts.Expression | undefined): void => {
    for (const { node, text } of expression ? textsOf(expression) : []) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      phrases.push({ place: `${path}:${line}`, field, text });
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && node.expression.getText(source) === "AppError") {
      const detail = node.arguments?.[1];
      for (const field of fields) add(field, detail && propertyOf(detail, field));
    }
    if (ts.isCallExpression(node)) {
      const helper = helpers.get(node.expression.getText(source)) ?? {};
      for (const field of fields) if (helper[field] !== undefined) add(field, node.arguments[helper[field]]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return phrases;
}

const parsed = new Map<string, ts.SourceFile>();

function parse(path: string): ts.SourceFile {
  const full = resolve(path);
  const source =
    parsed.get(full) ?? ts.createSourceFile(full, readFileSync(full, "utf8"), ts.ScriptTarget.Latest, true);
  parsed.set(full, source);
  return source;
}

function helpersOf(source: ts.SourceFile): ReadonlyMap<string, Helper> {
  const helpers = new Map<string, Helper>();
  const visit = (node: ts.Node): void => {
    const isNamed = ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node);
    const made = ts.isVariableDeclaration(node) ? node.initializer : node;
    if (isNamed && node.name && made && (ts.isFunctionDeclaration(made) || ts.isArrowFunction(made))) {
      const names = made.parameters.map((parameter) => parameter.name.getText(source));
      const found = fields.filter((field) => names.includes(field)).map((field) => [field, names.indexOf(field)]);
      if (found.length > 0) helpers.set(node.name.getText(source), Object.fromEntries(found));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return helpers;
}

function importedHelpers(source: ts.SourceFile): ReadonlyMap<string, Helper> {
  const helpers = new Map<string, Helper>();
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const { text } = statement.moduleSpecifier;
    const bindings = statement.importClause?.namedBindings;
    if (!text.startsWith(".") || !text.endsWith(".ts") || !bindings || !ts.isNamedImports(bindings)) continue;
    const known = helpersOf(parse(resolve(dirname(source.fileName), text)));
    for (const { name, propertyName } of bindings.elements) {
      const helper = known.get((propertyName ?? name).text);
      if (helper) helpers.set(name.text, helper);
    }
  }
  return helpers;
}

function propertyOf(detail: ts.Expression, name: Field): ts.Expression | undefined {
  if (!ts.isObjectLiteralExpression(detail)) return undefined;
  for (const property of detail.properties) {
    if (ts.isPropertyAssignment(property) && property.name.getText() === name) return property.initializer;
  }
  return undefined;
}

/**
 * Every text that an expression of literals can give; what only the running program knows is left
 * out.
 */
function textsOf(node: ts.Expression): readonly { readonly node: ts.Node; readonly text: string }[] {
  if (ts.isStringLiteralLike(node)) return [{ node, text: node.text }];
  if (ts.isTemplateExpression(node)) {
    return [{ node, text: node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("") }];
  }
  if (ts.isParenthesizedExpression(node)) return textsOf(node.expression);
  if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)];
  if (!ts.isBinaryExpression(node)) return [];
  const [left, right] = [textsOf(node.left), textsOf(node.right)];
  if (node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return [...left, ...right];
  return [{ node, text: `${left[0]?.text ?? "…"}${right[0]?.text ?? "…"}` }];
}

/** Words that are verbs wherever they stand. */
const verbs =
  "is|are|was|were|isn't|aren't|has|have|had|does|do|did|doesn't|don't|can|cannot|can't|could|may|must|should|will|would|expects|ends|exists|came|went|says|belongs|differs|agrees";
/** Words that are verbs where an object or a preposition follows; else they may be nouns. */
const verbsBeforeObject =
  "adds|answers|asks|begins|comes|counts|ends|fits|gives|goes|holds|keeps|leads|leaves|lies|lists|makes|names|needs|reads|runs|sends|shows|stands|starts|states|stays|takes|tells|uses|wants|works|writes";
const verbsBeforePlace = "begins|comes|goes|leads|lies|stands|starts|stays|works";
const places = "above|at|below|by|from|in|inside|on|outside|with|without";
const objects = "an?|the|no|its|their|each|every|all|one|at|to|only|neither|nothing|more|less|…";
/** A clause may follow behind these. */
const subordinators =
  /\b(that|which|who|whose|whom|where|when|while|as|if|since|because|so|than|after|before|until|unless|what|how|whether)\b/i;

const verb = new RegExp(
  `(?<![\\w-])(?:(?:${verbs})|(?:${verbsBeforeObject}) (?:${objects})|(?:${verbsBeforePlace}) (?:${places}))(?![\\w-])`,
  "i",
);
const subject = /^(it|they|he|she|there|this|these|those|you|we|nobody|nothing is)\b(?! (one|of))/i;
const imperative =
  /^(add|be|call|choose|do|give|keep|look|make|move|name|pass|put|remove|run|set|try|use|wait|work(?! of\b)|write)\b(?!-)/i;
const loneWord = /^(absent|broken|damaged|different|ended|failed|gone|invalid|missing|stopped|unknown|wrong)$/i;

/** Why a text is no noun phrase, as far as words can tell; undefined where none is seen. */
export function phraseFaultOf(text: string): string | undefined {
  if (/[.!?]$/.test(text) && !text.endsWith("...")) return "it ends like a sentence";
  // Quotations, parentheses and what explains after a colon have their own grammar.
  const plain = text
    .replace(/"[^"]*"|(?<!\w)'[^']*'|`[^`]*`|\([^)]*\)/g, "…")
    .replace(/(: |;).*$/s, "")
    .trim();
  if (loneWord.test(plain)) return "it is a lone adjective or verb";
  if (subject.test(plain)) return "it begins as a clause";
  if (imperative.test(plain)) return "it begins with a verb";
  const main = plain.split(subordinators)[0]!;
  const found = verb.exec(main)?.[0];
  return found === undefined ? undefined : `it has a verb: '${found}'`;
}
