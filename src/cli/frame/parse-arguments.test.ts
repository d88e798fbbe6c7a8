import { describe, expect, it } from "vitest";
import { isAppError } from "../../base/errors.ts";
import { defineCommand } from "./command.ts";
import { parseArguments } from "./parse-arguments.ts";

const definition = defineCommand({
  arguments: [
    { name: "dataset", doc: "a folder of pictures" },
    { name: "extra", doc: "more folders", optional: true, variadic: true },
  ],
  options: [
    { name: "epochs", short: "e", type: "integer", min: 1, max: 100, default: 10, doc: "passes over the dataset" },
    { name: "learningRate", type: "number", min: 0, doc: "the first learning rate" },
    { name: "offset", type: "number", default: 0, doc: "a number that can be negative" },
    { name: "optimizer", type: "choice", choices: ["sgd", "adam"], default: "sgd", doc: "the update rule" },
    { name: "tag", type: "string", repeatable: true, doc: "a tag of the run" },
    { name: "out", short: "o", type: "string", doc: "the bundle" },
    { name: "augment", type: "boolean", default: true, doc: "change pictures at random" },
    { name: "force", short: "f", type: "boolean", doc: "replace what is there" },
  ],
  examples: [],
  run: () => undefined,
});

const command = { name: "train", ...definition };
const parse = (...argv: string[]) => parseArguments(command, argv);
const fault = (...argv: string[]) => {
  try {
    parse(...argv);
  } catch (error) {
    if (isAppError(error, "CLI_USAGE")) return { message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error("the line was taken");
};

describe("a command line that fits", () => {
  it("fills in defaults", () => {
    expect(parse("pets")).toEqual({
      args: { dataset: "pets", extra: [] },
      options: {
        epochs: 10,
        learningRate: undefined,
        offset: 0,
        optimizer: "sgd",
        tag: [],
        out: undefined,
        augment: true,
        force: false,
        json: false,
        verbose: false,
        quiet: false,
        help: false,
      },
    });
  });

  it("tells a flag without a default that is not given from one that says no", () => {
    const options = [{ name: "flip", type: "boolean", hasNoDefault: true, doc: "mirror pictures" }] as const;
    const open = { name: "train", arguments: [], options };
    const flip = (...argv: string[]) => parseArguments(open, argv).options.flip;
    expect([flip(), flip("--flip"), flip("--no-flip"), flip("--flip=false")]).toEqual([undefined, true, false, false]);
  });

  it("takes values in every way of writing, in any place", () => {
    const { args, options } = parse("-fe", "5", "pets", "--learning-rate=1e-3", "more", "-o=a.onnx", "--no-augment");
    expect(args).toEqual({ dataset: "pets", extra: ["more"] });
    expect(options).toMatchObject({ force: true, epochs: 5, learningRate: 0.001, augment: false });
  });

  it("takes negative numbers, values that begin with a dash after =, and arguments after --", () => {
    const { args, options } = parse("--offset", "-3.5", "--out=-x", "--", "--pets");
    expect(options).toMatchObject({ offset: -3.5, out: "-x" });
    expect(args.dataset).toBe("--pets");
  });

  it("keeps all of a repeatable option and the last of any other", () => {
    const { options } = parse("pets", "--tag", "a", "--epochs", "2", "--tag", "b", "--epochs", "3", "--force=false");
    expect(options).toMatchObject({ tag: ["a", "b"], epochs: 3, force: false });
  });

  it("is not looked at further where it asks for help", () => {
    expect(parse("--epochs", "none", "--nonsense", "--help").options).toEqual({ help: true });
  });
});

describe("a command line that does not fit", () => {
  it.each([
    [["pets", "--epocs", "3"], "a flag that this command takes; got --epocs", "did you mean --epochs?"],
    [["pets", "-x"], "a flag that this command takes; got -x", "see pawprint train --help"],
    [["pets", "--no-epochs"], "a flag that this command takes; got --no-epochs", "did you mean --epochs?"],
    [["pets", "--epochs", "0"], 'a whole number from 1 to 100 for --epochs; got "0"', undefined],
    [["pets", "-e", "1.5"], 'a whole number from 1 to 100 for -e; got "1.5"', undefined],
    [["pets", "--learning-rate", "-1"], 'a number of at least 0 for --learning-rate; got "-1"', undefined],
    [["pets", "--offset", "abc"], 'a number for --offset; got "abc"', undefined],
    [["pets", "--optimizer", "adm"], 'one of sgd, adam for --optimizer; got "adm"', "did you mean adam?"],
    [["pets", "--out"], "a value for --out; got nothing", undefined],
    [["pets", "--out="], 'a text with at least one character for --out; got ""', undefined],
    [["pets", "--force=maybe"], 'true, false or no value for --force; got "maybe"', undefined],
    [[], "DATASET (a folder of pictures); got nothing", undefined],
  ])("%j is refused", (argv, message, hint) => {
    expect(fault(...argv).message).toBe(`${message} (pawprint train)`);
    expect(fault(...argv).hint).toBe(hint ?? "see pawprint train --help");
  });

  it("is refused where a flag stands in the place of a value", () => {
    expect(fault("pets", "--out", "--force")).toEqual({
      message: 'a value for --out; got "--force" (pawprint train)',
      hint: "a value that begins with - is written --out=--force",
    });
  });

  it("is refused where an argument is too much or a required flag is missing", () => {
    const shape = {
      name: "export",
      arguments: [{ name: "runId", doc: "the run" }],
      options: [{ name: "out", type: "string", required: true, doc: "the file" }],
    } as const;
    expect(() => parseArguments(shape, ["a", "b"])).toThrowError('no more than RUN_ID; got "b" (pawprint export)');
    expect(() => parseArguments(shape, ["a"])).toThrowError("a value for --out; got nothing (pawprint export)");
  });
});
