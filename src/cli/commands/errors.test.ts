import { describe, expect, it } from "vitest";
import { captureContext } from "../../../tests/support/captured-context.ts";
import { errorGuide } from "../../base/error-guide.ts";
import { type ErrorCode, errorTable, httpStatusOf } from "../../base/errors.ts";
import { runCommand } from "../frame/run-command.ts";

async function run(...argv: string[]) {
  const { context, out, err } = captureContext();
  const exitCode = await runCommand(["errors", ...argv], context);
  return { exitCode, out: out(), err: err() };
}

describe("pawprint errors", () => {
  it("lists every code with kind, exit code and reason", async () => {
    const { exitCode, out } = await run();
    expect(exitCode).toBe(0);
    expect(out.trimEnd().split("\n")).toHaveLength(Object.keys(errorTable).length + 3);
    expect(out).toMatch(/^CLI_USAGE +invalid +2 {2}a command, argument or flag/m);
  });

  it("says of one code what it means, its causes, an example and the remedy", async () => {
    const { out } = await run("dataset_one_class");
    expect(out).toBe(`DATASET_ONE_CLASS  invalid; exit code 1, HTTP status 400

Meaning  A source has pictures of one class only.
Causes   All pictures lie in one folder, or the folder that was named is that of one class.
Example  Expected pictures of at least two classes; got only 'cat', with 120 pictures (data/raw/cat)
Remedy   Name the folder above, with a folder for each class:
           pawprint data check FOLDER
`);
  });

  it("gives a program the same", async () => {
    const { out } = await run("interrupted", "--json");
    const { when, kind } = errorTable.INTERRUPTED;
    expect(JSON.parse(out)).toEqual({
      errors: [{ code: "INTERRUPTED", kind, exitCode: 130, httpStatus: 503, when, ...errorGuide.INTERRUPTED }],
    });
  });

  it("names the nearest code for an unknown one", async () => {
    expect(await run("DATASET_EMPTI")).toEqual({
      exitCode: 2,
      out: "",
      err: "error CLI_USAGE: Expected a known error code; got DATASET_EMPTI (pawprint errors)\nhint: did you mean DATASET_EMPTY?\n",
    });
  });
});

it("is what docs/errors.md says; vitest -u writes it anew", async () => {
  const entries = (Object.keys(errorTable) as ErrorCode[]).map((code) => {
    const { kind, when } = errorTable[code];
    const { causes, example, remedy } = errorGuide[code];
    const [advice = "", line] = remedy.split(/: (?=pawprint )/);
    return [
      `## ${code}`,
      `${when.slice(0, 1).toUpperCase()}${when.slice(1)}. Kind ${kind}, HTTP status ${httpStatusOf(code)}.`,
      causes,
      `    ${example}`,
      line === undefined ? advice : `${advice}: \`${line}\``,
    ].join("\n\n");
  });
  const head = `# Errors

Every error has a code, which is stable. \`pawprint errors CODE\` prints an entry of this page; \`--json\` gives it to a program. The exit code is 1, or 2
where a command line or a setting is wrong, 130 after Ctrl-C and 143 after SIGTERM.`;
  await expect(`${[head, ...entries].join("\n\n")}\n`).toMatchFileSnapshot("../../../docs/errors.md");
});
