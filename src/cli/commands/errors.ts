/** `pawprint errors`: the reference of error codes, from the one table. */
import { AppError, type ErrorCode, errorTable, exitCodeOf, isErrorCode } from "../../base/errors.ts";
import { hintForName } from "../../base/nearest.ts";
import { defineCommand } from "../frame/command.ts";
import { table } from "../frame/console.ts";

const codes = Object.keys(errorTable).filter(isErrorCode);

export const command = defineCommand({
  arguments: [
    { name: "code", doc: "the code that an error message began with; all of them without it", optional: true },
  ],
  options: [],
  examples: [
    { line: "pawprint errors", doc: "list every code" },
    { line: "pawprint errors DATASET_EMPTY", doc: "say when this error is raised" },
    { line: "pawprint errors --json", doc: "the same list for a program" },
  ],
  run({ style }, { code }) {
    const shown = (code === undefined ? codes : [findCode(code)]).map((name) => ({
      code: name,
      kind: errorTable[name].kind,
      exitCode: exitCodeOf(new AppError(name, { required: errorTable[name].when })),
      when: errorTable[name].when,
    }));
    const rows = shown.map(({ code, kind, exitCode, when }) => [style.bold(code), kind, `${exitCode}`, when]);
    return {
      result: { errors: shown },
      text: table(["CODE", "KIND", { title: "EXIT", align: "right" }, "RAISED WHEN"], rows),
    };
  },
});

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
