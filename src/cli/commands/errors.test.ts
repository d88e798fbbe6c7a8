import { describe, expect, it } from "vitest";
import { captureContext } from "../../../tests/support/captured-context.ts";
import { errorTable } from "../../base/errors.ts";
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
    expect(out.trimEnd().split("\n")).toHaveLength(Object.keys(errorTable).length + 1);
    expect(out).toMatch(/^CLI_USAGE +invalid +2 {2}a command, argument or flag/m);
  });

  it("looks one code up, in small letters too", async () => {
    const { out } = await run("interrupted", "--json");
    expect(JSON.parse(out)).toEqual({
      errors: [{ code: "INTERRUPTED", kind: "unavailable", exitCode: 130, when: errorTable.INTERRUPTED.when }],
    });
  });

  it("names the nearest code for an unknown one", async () => {
    expect(await run("DATASET_EMPTI")).toEqual({
      exitCode: 2,
      out: "",
      err: "error CLI_USAGE: a known error code; got DATASET_EMPTI (pawprint errors)\nhint: did you mean DATASET_EMPTY?\n",
    });
  });
});
