/** Finds the command lines of `pawprint` in the texts of source files, as hints and reports show them. */
import { readFileSync } from "node:fs";
import ts from "typescript";

export interface FoundLine {
  /** `src/base/errors.ts:12`. */
  readonly place: string;
  /** What follows `pawprint `; VALUE stands for what the running program inserts. */
  readonly line: string;
}

export interface FoundText {
  readonly place: string;
  readonly text: string;
  /** True within a hint or an AppError. */
  readonly isOfError: boolean;
}

/** Every text literal of a file; VALUE stands for what is inserted. */
export function textsIn(path: string): readonly FoundText[] {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  const found: FoundText[] = [];
  const visit = (node: ts.Node, isOfError: boolean): void => {
    const add = (text: string): void => {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      found.push({ place: `${path}:${line}`, text, isOfError });
    };
    if (ts.isStringLiteralLike(node)) add(node.text);
    if (ts.isTemplateExpression(node)) {
      add(node.head.text + node.templateSpans.map(({ literal }) => `VALUE${literal.text}`).join(""));
    }
    const isHint =
      (ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node)) && /hint$/i.test(node.name.getText(source));
    const isError = ts.isNewExpression(node) && node.expression.getText(source) === "AppError";
    ts.forEachChild(node, (child) => visit(child, isOfError || isHint || isError));
  };
  visit(source, false);
  return found;
}

/**
 * The lines in a text: from `pawprint` and a small letter to what cannot belong to a command. A
 * text that goes on behind its command puts a comma, a semicolon, a quote or a bracket between.
 */
export function commandLinesIn({ place, text }: Pick<FoundText, "place" | "text">): readonly FoundLine[] {
  return [...text.matchAll(/(?<![\w/.@-])pawprint ([a-z][^;,'"`)(\n]*)/g)].map(([, line]) => ({
    place,
    line: line!.replace(/\s*[|&>#].*$|[.:]?\s*$| {2}.*$|(?<=--[a-z-]+)VALUE/g, ""),
  }));
}
