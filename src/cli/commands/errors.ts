/** `pawprint errors`: the reference of error codes, from the one table and its guide. */
import { type ErrorGuide, errorGuide } from "../../base/error-guide.ts";
import { AppError, type ErrorCode, errorTable, exitCodeOf, httpStatusOf, isErrorCode } from "../../base/errors.ts";
import { hintForName } from "../../base/nearest.ts";
import { defineCommand } from "../frame/command.ts";
import { type Style, table, wrap } from "../frame/console.ts";

const codes = Object.keys(errorTable).filter(isErrorCode);

export const command = defineCommand({
  description: "With a code it says what the error means, where it usually comes from, and what to do about it.",
  arguments: [
    { name: "code", doc: "the code that an error message began with; all of them without it", optional: true },
  ],
  options: [],
  examples: [
    { line: "pawprint errors", doc: "list every code" },
    { line: "pawprint errors DATASET_EMPTY", doc: "causes, an example and the remedy of one" },
    { line: "pawprint errors --json", doc: "everything, for a program" },
  ],
  run({ style, width }, { code }) {
    if (code === undefined) {
      const all = codes.map(factsOf);
      return { result: { errors: all }, text: listText(all, style) };
    }
    const facts = factsOf(findCode(code));
    return { result: { errors: [facts] }, text: entryText(facts, style, width) };
  },
});

interface ErrorFacts extends ErrorGuide {
  readonly code: ErrorCode;
  readonly kind: string;
  readonly exitCode: number;
  readonly httpStatus: number;
  readonly when: string;
}

function factsOf(code: ErrorCode): ErrorFacts {
  const { kind, when } = errorTable[code];
  const exitCode = exitCodeOf(new AppError(code, { required: when }));
  return { code, kind, exitCode, httpStatus: httpStatusOf(code), when, ...errorGuide[code] };
}

function listText(shown: readonly ErrorFacts[], style: Style): string {
  const rows = shown.map(({ code, kind, exitCode, when }) => [style.bold(code), kind, `${exitCode}`, when]);
  const list = table(["CODE", "KIND", { title: "EXIT", align: "right" }, "RAISED WHEN"], rows);
  return `${list}\n\nCauses and remedy of one: ${style.cyan("pawprint errors CODE")}`;
}

function entryText(facts: ErrorFacts, style: Style, width: number): string {
  const { code, kind, exitCode, httpStatus, when, causes, example, remedy } = facts;
  const part = (name: string, text: string): string =>
    `${style.bold(name.padEnd(9))}${wrap(text, Math.max(40, width - 9), 9)}`;
  const [advice = "", line] = remedy.split(/: (?=pawprint )/);
  return [
    `${style.bold(code)}  ${kind}; exit code ${exitCode}, HTTP status ${httpStatus}`,
    "",
    part("Meaning", `${when.slice(0, 1).toUpperCase()}${when.slice(1)}.`),
    part("Causes", causes),
    part("Example", example),
    part("Remedy", line === undefined ? advice : `${advice}:`),
    ...(line === undefined ? [] : [`${" ".repeat(11)}${style.cyan(line)}`]),
  ].join("\n");
}

function findCode(typed: string): ErrorCode {
  const code = codes.find((known) => known === typed.toUpperCase());
  if (code !== undefined) return code;
  throw new AppError("CLI_USAGE", {
    required: "a known error code",
    received: typed,
    where: "pawprint errors",
    hint: hintForName(typed, codes) ?? "list them all with: pawprint errors",
  });
}
