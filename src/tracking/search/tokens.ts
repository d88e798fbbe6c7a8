/** The words of MLflow's search language, with their places. */
import { AppError } from "../../base/errors.ts";

export interface Token {
  /** `name` is a bare word, `quoted` stands in " or `, `text` in '. */
  readonly kind: "name" | "quoted" | "text" | "number" | "operator" | "punctuation" | "end";
  /** Without its quotes. */
  readonly value: string;
  /** The quote of a `quoted`. */
  readonly quote?: string;
  /** The first character's number, from 1. */
  readonly at: number;
}

const patterns: readonly [Token["kind"], RegExp][] = [
  ["number", /(?<![\w."`'])-?(?:\d+\.\d*|\.?\d+)(?:e[+-]?\d+)?(?![\w.])/iy],
  ["name", /[\p{L}\p{N}_]+/uy],
  // A doubled or escaped quote does not end the text, and stays in it, as in MLflow.
  ["text", /'(?:''|\\'|[^'])*'/y],
  ["quoted", /"(?:""|\\"|[^"])*"|`(?:``|[^`])*`/y],
  ["operator", /[<>=!]+/y],
  ["punctuation", /[.,()]/y],
];

/** Errors: FILTER_INVALID. `what` is the text's name in them. */
export function tokensOf(text: string, what: string): Token[] {
  const tokens: Token[] = [];
  const blanks = /\s*/y;
  for (let index = 0; ; ) {
    blanks.lastIndex = index;
    index += blanks.exec(text)![0].length; // it may match nothing
    if (index >= text.length) return [...tokens, { kind: "end", value: "", at: index + 1 }];
    const token = tokenAt(text, index);
    if (token === undefined) throw filterFault(what, index + 1, whatCan(text[index]!), beginningAt(text, index));
    tokens.push(token);
    index += token.value.length + (token.kind === "text" || token.kind === "quoted" ? 2 : 0);
  }
}

function tokenAt(text: string, index: number): Token | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = index;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) continue;
    if (kind === "text") return { kind, value: found.slice(1, -1), at: index + 1 };
    if (kind === "quoted") return { kind, value: found.slice(1, -1), quote: found[0]!, at: index + 1 };
    return { kind, value: found, at: index + 1 };
  }
  return undefined;
}

function whatCan(character: string): string {
  if (/['"`]/.test(character)) return "a closing quote";
  return "a key, a comparison or a value; a key with other characters than letters, digits, _ and . in backticks";
}

function beginningAt(text: string, index: number): string {
  return `'${text.slice(index, index + 20)}'`;
}

/** The token as an error shows it, a noun phrase. */
export function describeToken({ kind, value, quote = "'" }: Token): string {
  if (kind === "end") return "its end";
  return kind === "text" || kind === "quoted" ? `${quote}${value}${quote}` : `'${value}'`;
}

export function filterFault(what: string, at: number, required: string, received: string): AppError {
  return new AppError("FILTER_INVALID", {
    required,
    received,
    where: `${what}, character ${at}`,
    hint: "write it as MLflow does: metrics.val_accuracy > 0.9 and params.batchSize = '32'",
  });
}
