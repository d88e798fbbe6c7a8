import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { errorPhrasesIn, phraseFaultOf } from "../../tests/support/error-phrases.ts";
import { AppError, type ErrorCode, errorTable, exitCodeOf, isAppError, toAppError } from "./errors.ts";

const codes = Object.keys(errorTable) as ErrorCode[];

describe("an AppError", () => {
  it("reads: what is required, what came, where", () => {
    const error = new AppError("GRAPH_SHAPE", {
      required: "weight channels equal to input channels / groups",
      received: "weight [16,4,3,3] for input [8,3,32,32]",
      where: "layer 'stem'",
      hint: "look at the layer before it",
    });
    expect(error.message).toBe(
      "Expected weight channels equal to input channels / groups; got weight [16,4,3,3] for input [8,3,32,32] (layer 'stem')",
    );
    expect(String(error)).toBe(`AppError: ${error.message}`);
    expect(error.kind).toBe("invalid");
  });

  it("needs no more than what is required", () => {
    const error = new AppError("DATASET_EMPTY", { required: "a source with pictures" });
    expect(error.message).toBe("Expected a source with pictures");
    expect(error.toJSON()).toEqual({
      code: "DATASET_EMPTY",
      kind: "invalid",
      message: "Expected a source with pictures",
    });
  });

  it("carries place and hint in its JSON form, and never its cause", () => {
    const cause = new Error("secret inside");
    const error = new AppError("FILE_EXISTS", { required: "a free name", where: "a.onnx", hint: "--force", cause });
    expect(error.cause).toBe(cause);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: "FILE_EXISTS",
      kind: "conflict",
      message: "Expected a free name (a.onnx)",
      where: "a.onnx",
      hint: "--force",
    });
  });

  it("is told from other errors, and by its code", () => {
    const error = new AppError("INTERNAL", { required: "work" });
    expect(isAppError(error)).toBe(true);
    expect(isAppError(error, "INTERNAL")).toBe(true);
    expect(isAppError(error, "CLI_USAGE")).toBe(false);
    expect(isAppError(new Error("INTERNAL"))).toBe(false);
  });
});

describe("toAppError", () => {
  it("leaves a foreseen error as it is and wraps any other", () => {
    const known = new AppError("FILE_EXISTS", { required: "a free name" });
    expect(toAppError(known)).toBe(known);
    const fault = new TypeError("x is not a function");
    expect(toAppError(fault)).toMatchObject({
      code: "INTERNAL",
      received: "TypeError: x is not a function",
      cause: fault,
    });
    expect(toAppError("text")).toMatchObject({ code: "INTERNAL", received: "text" });
  });
});

describe("exit codes", () => {
  it("are 2 where the caller wrote something wrongly, else 1", () => {
    expect(exitCodeOf(new AppError("CLI_USAGE", { required: "a flag" }))).toBe(2);
    expect(exitCodeOf(new AppError("CONFIG_UNKNOWN_KEY", { required: "a key" }))).toBe(2);
    expect(exitCodeOf(new AppError("DATASET_EMPTY", { required: "pictures" }))).toBe(1);
    expect(exitCodeOf(new Error("fault"))).toBe(1);
  });

  it("tell Ctrl-C from SIGTERM as shells do", () => {
    expect(exitCodeOf(new AppError("INTERRUPTED", { required: "work", received: "SIGINT" }))).toBe(130);
    expect(exitCodeOf(new AppError("INTERRUPTED", { required: "work", received: "SIGTERM" }))).toBe(143);
    expect(exitCodeOf(new AppError("INTERRUPTED", { required: "work" }))).toBe(130);
  });
});

describe("the error table", () => {
  it.each(codes)("says when %s is raised, in one sentence of its own", (code) => {
    const { when } = errorTable[code];
    expect(when).toMatch(/^[a-zA-Z][^\n]{15,}[^.\s]$/);
    expect(codes.filter((other) => errorTable[other].when === when)).toEqual([code]);
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  });

  // toAppError, in the table's own file, raises two.
  it("has no code that nothing under src raises", async () => {
    const sources = (await readdir("src", { recursive: true })).filter(
      (name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && name !== join("base", "errors.ts"),
    );
    const text = (await Promise.all(sources.map((name) => readFile(join("src", name), "utf8")))).join("\n");
    const unraised = codes.filter(
      (code) => code !== "INTERNAL" && code !== "TOO_MANY_OPEN_FILES" && !text.includes(`"${code}"`),
    );
    expect(unraised).toEqual([]);
  });
});

/** Folders whose texts are held to the grammar of errors. */
const heldFolders = (await readdir("src", { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe("the texts of errors", () => {
  it.each([
    "a known command",
    "3 labels",
    "'trian'",
    "no pictures",
    "weight channels equal to input channels / groups",
    "a file that is whole",
    "names separated by '/'",
    "… of …",
    "--data with a folder",
    "neither a file nor a folder",
    "train, val and test shares from 0 to 1",
  ])("may be: %s", (text) => {
    expect(phraseFaultOf(text)).toBeUndefined();
  });

  it.each([
    "Conv expects weight channels = input channels / groups",
    "minEpochs is at most epochs",
    "--data names the pictures",
    "work without a fault",
    "it does not answer",
    "each class has at least … pictures",
    "missing",
    "an idx file of … begins with …",
    "a file.",
  ])("may not be: %s", (text) => {
    expect(phraseFaultOf(text)).toBeDefined();
  });

  it.each(heldFolders)("are noun phrases in src/%s", async (folder) => {
    const names = await readdir(join("src", folder), { recursive: true });
    const files = names.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
    const phrases = files.flatMap((name) => errorPhrasesIn(join("src", folder, name)));
    const faults = phrases.flatMap(({ place, field, text }) => {
      const fault = phraseFaultOf(text);
      return fault === undefined ? [] : [`${place} ${field} "${text}": ${fault}`];
    });
    expect(faults).toEqual([]);
  });
});
