import { describe, expect, it } from "vitest";
import { captureContext } from "../../../tests/support/captured-context.ts";
import { interruption } from "../../base/cancel.ts";
import { AppError } from "../../base/errors.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { type Command, type CommandEntry, defineCommand } from "./command.ts";
import { type HostContext, runCommand } from "./run-command.ts";

const greet = defineCommand({
  description: "Shows the frame at work.",
  arguments: [{ name: "personName", doc: "who is greeted" }],
  options: [
    { name: "times", short: "t", type: "integer", min: 1, default: 1, doc: "how often" },
    { name: "tone", type: "choice", choices: ["warm", "cool"], default: "warm", doc: "how" },
    { name: "polite", type: "boolean", default: true, doc: "with a title" },
  ],
  examples: [{ line: "pawprint data greet Ada --times 3", doc: "greet three times" }],
  run(context, { personName }, { times, tone, polite }) {
    // Their types come from the data above; a wrong one here does not compile.
    const facts: { personName: string; times: number; tone: "warm" | "cool"; polite: boolean } = {
      personName,
      times,
      tone,
      polite,
    };
    context.logger.debug("about to greet");
    context.logger.info("greeting");
    context.logger.warn("only once");
    return { result: facts, text: `hello ${personName}`.repeat(times), exitCode: personName === "Nobody" ? 1 : 0 };
  },
});

/** A command that does what `run` says. */
const failing = (name: string, run: Command["run"]): CommandEntry => {
  const command = defineCommand({ arguments: [], options: [], examples: [], run });
  return { name, summary: "fail", load: async () => ({ command }) };
};

const loads: string[] = [];
const entries: CommandEntry[] = [
  {
    name: "data greet",
    summary: "greet a number of times",
    load: async () => {
      loads.push("data greet");
      return { command: greet };
    },
  },
  failing("train", () => {
    throw new AppError("DATASET_EMPTY", { required: "pictures", received: "none", where: "raw", hint: "add some" });
  }),
  failing("crash", () => {
    throw new TypeError("x is not a function", { cause: new Error("the root") });
  }),
  failing("wait", (context) => {
    context.signal.throwIfAborted();
    return undefined;
  }),
  failing("read", (context) => {
    if (context.signal.aborted) throw Object.assign(new Error("aborted"), { name: "AbortError" });
    return undefined;
  }),
];

async function run(line: string, overrides: Partial<HostContext> = {}) {
  const captured = captureContext(overrides);
  const argv = line.split(" ").filter((word) => word !== "");
  const exitCode = await runCommand(argv, captured.context, entries);
  return { exitCode, out: captured.out(), err: captured.err(), logged: captured.logged };
}

describe("running a command", () => {
  it("prints the report's text and ends with 0", async () => {
    expect(await run("data greet Ada -t 2")).toMatchObject({ exitCode: 0, out: "hello Adahello Ada\n", err: "" });
  });

  it("prints one JSON line with --json, wherever that stands", async () => {
    for (const line of ["data greet Ada --json", "--json data greet Ada"]) {
      const { out, exitCode } = await run(line);
      expect(exitCode).toBe(0);
      expect(out).toBe('{"personName":"Ada","times":1,"tone":"warm","polite":true}\n');
    }
  });

  it("ends with 1 where the finding is a failure", async () => {
    expect(await run("data greet Nobody")).toMatchObject({ exitCode: 1, out: "hello Nobody\n" });
  });

  it("logs from info on, all with --verbose, and warnings only with --quiet", async () => {
    const levels = async (line: string) => (await run(line)).logged.map(({ level }) => level);
    expect(await levels("data greet Ada")).toEqual(["info", "warn"]);
    expect(await levels("data greet Ada -v")).toEqual(["debug", "info", "warn"]);
    expect(await levels("data greet Ada --quiet")).toEqual(["warn"]);
  });

  it("prints what comes next, but not with --quiet, nor more of a file than its path", async () => {
    const entry = (quietText?: string) =>
      failing("make", () => ({ result: {}, text: "made a.png", next: "look at it", ...(quietText && { quietText }) }));
    const outOf = async (argv: readonly string[], made: CommandEntry) => {
      const { context, out } = captureContext();
      await runCommand(argv, context, [made]);
      return out();
    };
    expect(await outOf(["make"], entry())).toBe("made a.png\nNext: look at it\n");
    expect(await outOf(["make", "-q"], entry())).toBe("made a.png\n");
    expect(await outOf(["make", "-q"], entry("a.png"))).toBe("a.png\n");
    expect(await outOf(["make", "-q", "--json"], entry("a.png"))).toBe("{}\n");
  });

  it("shows no progress with --quiet", async () => {
    const started: string[] = [];
    const progress: Progress = {
      start: (task) => {
        started.push(task.label);
        return silentProgress.start(task);
      },
    };
    const busy = failing("busy", (context) => {
      context.progress.start({ label: "work", unit: "items" }).done();
      return undefined;
    });
    expect(await runCommand(["busy"], captureContext({ progress }).context, [busy])).toBe(0);
    expect(await runCommand(["busy", "-q"], captureContext({ progress }).context, [busy])).toBe(0);
    expect(started).toEqual(["work"]);
  });
});

describe("help", () => {
  it("lists the commands without loading one", async () => {
    loads.length = 0;
    for (const line of ["", "--help", "-h", "help"]) {
      const { exitCode, out } = await run(line);
      expect(exitCode).toBe(0);
      expect(out).toContain("Usage: pawprint COMMAND [ARGUMENTS] [FLAGS]");
      expect(out).toContain("  data greet  greet a number of times\n  train       fail\n");
    }
    expect(loads).toEqual([]);
  });

  it("lists a group's commands", async () => {
    const { exitCode, out } = await run("data --help");
    expect(exitCode).toBe(0);
    expect(out).toContain("data greet");
    expect(out).not.toContain("train");
  });

  it("is made from a command's data, with ranges, choices, defaults and examples", async () => {
    const { exitCode, out } = await run("help data greet");
    expect(exitCode).toBe(0);
    expect(out).toBe(`Greet a number of times.

Usage: pawprint data greet PERSON_NAME [FLAGS]

Shows the frame at work.

Arguments:
  PERSON_NAME  who is greeted

Flags:
  -t, --times INTEGER  how often (a whole number of at least 1; default 1)
      --tone CHOICE    how (warm, cool; default warm)
      --no-polite      with a title
      --json           print the result as one JSON line, errors too
  -v, --verbose        print debug messages and stack traces
  -q, --quiet          print results, warnings and errors only; of a file its path
  -h, --help           show this text

Examples:
  # greet three times
  pawprint data greet Ada --times 3
`);
  });

  it("shows the version of the package", async () => {
    expect((await run("--version")).out).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
    expect(JSON.parse((await run("-V --json")).out)).toEqual({ version: expect.any(String) });
  });
});

describe("a wrong command line", () => {
  it.each([
    ["trian", "Expected a known command; got trian", "did you mean pawprint train?"],
    ["dat greet", "Expected a known command; got dat", "did you mean pawprint data?"],
    [
      "zzz",
      "Expected a known command; got zzz",
      "known: pawprint data, pawprint train, pawprint crash, pawprint wait, pawprint read",
    ],
    ["data", "Expected one of greet after pawprint data; got nothing", "see pawprint data --help"],
    ["data gret", "Expected one of greet after pawprint data; got gret", "did you mean pawprint data greet?"],
    ["--versio", "Expected a flag that this command takes; got --versio (pawprint)", "did you mean --version?"],
    [
      "data greet Ada --tims 3",
      "Expected a flag that this command takes; got --tims (pawprint data greet)",
      "did you mean --times?",
    ],
  ])("%o ends with 2 and a hint", async (line, message, hint) => {
    expect(await run(line)).toMatchObject({
      exitCode: 2,
      out: "",
      err: `error CLI_USAGE: ${message}\nhint: ${hint}\n`,
    });
  });

  it("is told on standard output with --json", async () => {
    const { exitCode, out, err } = await run("trian --json");
    expect(exitCode).toBe(2);
    expect(err).toBe("");
    expect(JSON.parse(out)).toMatchObject({ error: { code: "CLI_USAGE", kind: "invalid" } });
  });
});

describe("a hint", () => {
  const withOptions = (hint: string | undefined, code: "FILE_EXISTS" | "INTERRUPTED"): CommandEntry => ({
    name: "data pack",
    summary: "fail",
    load: async () => ({
      command: defineCommand({
        arguments: [{ name: "source", doc: "pictures" }],
        options: [{ name: "resumeWork", type: "boolean", doc: "go on" }],
        examples: [],
        again: "what is there is kept",
        run: () => {
          throw new AppError(code, { required: "room", ...(hint !== undefined && { hint }) });
        },
      }) as Command,
    }),
  });
  const hintOf = async (argv: readonly string[], entry: CommandEntry, env = {}) => {
    const { context, err } = captureContext({ env });
    await runCommand(argv, context, [entry]);
    return /^hint: (.*)$/m.exec(err())?.[1];
  };

  it("names options of the library as this command's flags, and those it lacks as they are", async () => {
    const entry = withOptions("give `resumeWork`, or leave `colour` out", "FILE_EXISTS");
    expect(await hintOf(["data", "pack", "a"], entry)).toBe("give --resume-work, or leave colour out");
  });

  it("after an interruption is the whole line that resumes, quoted for the shell", async () => {
    const entry = withOptions("resume it with `resumeWork`", "INTERRUPTED");
    const line = ["data", "pack", "it's mine", "-q"];
    expect(await hintOf(line, entry)).toBe("resume it with pawprint data pack 'it'\\''s mine' -q --resume-work");
    expect(await hintOf([...line, "--resume-work"], entry)).toMatch(/-q --resume-work$/);
  });

  it("after an interruption is the command's own where it lacks the option that the library names", async () => {
    const entry = withOptions("resume it with `carryOn`", "INTERRUPTED");
    expect(await hintOf(["data", "pack", "a"], entry)).toBe("run the same command again: what is there is kept");
  });

  it("after an interruption says what running the command again does", async () => {
    const entry = withOptions(undefined, "INTERRUPTED");
    expect(await hintOf(["data", "pack", "a"], entry)).toBe("run the same command again: what is there is kept");
  });

  it("begins commands with npx where npm started the program", async () => {
    const entry = withOptions("see pawprint data check FOLDER, not my/pawprint data", "FILE_EXISTS");
    expect(await hintOf(["data", "pack", "a"], entry, { npm_execpath: "/usr/bin/npm" })).toBe(
      "see npx pawprint data check FOLDER, not my/pawprint data",
    );
  });
});

describe("an error of a command", () => {
  it("is a message and a hint for people", async () => {
    expect(await run("train")).toMatchObject({
      exitCode: 1,
      out: "",
      err: "error DATASET_EMPTY: Expected pictures; got none (raw)\nhint: add some\n",
    });
  });

  it("is one JSON line for programs", async () => {
    const { exitCode, out } = await run("train --json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toEqual({
      error: {
        code: "DATASET_EMPTY",
        kind: "invalid",
        message: "Expected pictures; got none (raw)",
        where: "raw",
        hint: "add some",
      },
    });
  });

  it("that nobody foresaw is INTERNAL, with its stack and causes under --verbose only", async () => {
    const short = await run("crash");
    expect(short.exitCode).toBe(1);
    expect(short.err).toMatch(/^error INTERNAL: .*got TypeError: x is not a function\nhint: .*--verbose.*\n$/);
    const long = await run("crash --verbose");
    expect(long.err).toContain("run-command.test.ts");
    expect(long.err).toContain("caused by Error: the root");
  });

  it("is 130 after Ctrl-C and 143 after SIGTERM, also where Node's own AbortError brings it", async () => {
    const aborted = (by: "SIGINT" | "SIGTERM") => ({ signal: AbortSignal.abort(interruption(by)) });
    expect((await run("wait", aborted("SIGINT"))).exitCode).toBe(130);
    expect((await run("wait", aborted("SIGTERM"))).exitCode).toBe(143);
    expect((await run("read", aborted("SIGTERM"))).exitCode).toBe(143);
  });
});
