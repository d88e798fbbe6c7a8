import { describe, expect, it } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { formatModelAddress, isModelAddress, parseModelAddress } from "./model-address.ts";

const modelId = `m-${"0a".repeat(16)}`;

describe("an address of a model", () => {
  it.each([
    ["models:/cats-dogs@champion", { kind: "alias", name: "cats-dogs", alias: "champion" }],
    ["models:/a@b@champion", { kind: "alias", name: "a@b", alias: "champion" }],
    ["models:/cats dogs/7", { kind: "version", name: "cats dogs", version: "7" }],
    ["models:/cats-dogs/latest", { kind: "latest", name: "cats-dogs" }],
    [`models:/${modelId}`, { kind: "logged", modelId }],
    ["runs:/3f8ef1c0/model", { kind: "run", runId: "3f8ef1c0", path: "model" }],
    ["runs:/3f8ef1c0/a/b", { kind: "run", runId: "3f8ef1c0", path: "a/b" }],
  ])("%s is read, and written the same", (text, address) => {
    expect(parseModelAddress(text)).toEqual(address);
    expect(formatModelAddress(parseModelAddress(text))).toBe(text);
  });

  it.each([
    ["models:/cats-dogs@Latest", "models:/cats-dogs/latest"],
    ["models:/cats-dogs/007", "models:/cats-dogs/7"],
    ["Models:/cats-dogs/7", "models:/cats-dogs/7"],
    ["runs:/1/model/", "runs:/1/model"],
  ])("%s is another form of %s", (text, usual) => {
    expect(formatModelAddress(parseModelAddress(text))).toBe(usual);
  });

  it.each([
    "models:",
    "models:/",
    "models:cats-dogs",
    "models://host/cats-dogs/7",
    "models:/cats-dogs",
    "models:/cats-dogs/",
    "models:/cats-dogs/0",
    "models:/cats-dogs/Production",
    "models:/cats-dogs/7/model.onnx",
    "models:/../../etc/7",
    "runs:/",
    "runs:/1",
    "runs:/1/",
    "runs://1/model",
    `models:/${"x".repeat(10_000)}`,
  ])("%s is refused as what it is", (text) => {
    expect(isModelAddress(text)).toBe(true);
    const failure = failureOf(() => parseModelAddress(text));
    expect(failure.code).toBe("MODEL_SOURCE_INVALID");
    expect(failure.message.length).toBeLessThan(400);
  });

  it.each([
    ["models:/cats-dogs@", "ALIAS_INVALID"],
    ["models:/cats-dogs@v3", "ALIAS_INVALID"],
    ["models:/cats-dogs@a b", "ALIAS_INVALID"],
    ["models:/../7", "TRACKING_VALUE_INVALID"],
    ["models:/@champion", "TRACKING_VALUE_INVALID"],
    ["models:/a:b/7", "TRACKING_VALUE_INVALID"],
  ])("%s is refused for its name or alias", (text, code) => {
    expect(failureOf(() => parseModelAddress(text)).code).toBe(code);
  });

  it("says what to write in the place of a stage or a bare name", () => {
    const hintOf = (text: string) => failureOf(() => parseModelAddress(text)).hint;
    expect(hintOf("models:/cats-dogs")).toBe(
      "name a version, models:/cats-dogs/1, or an alias, models:/cats-dogs@champion",
    );
    expect(hintOf("models:/cats-dogs/Production")).toContain("models:/cats-dogs@champion");
  });

  it("is no path", () => {
    for (const path of ["models/cats-dogs.onnx", "./models:/x", "C:\\models", "s3://models/x", "runs/x"]) {
      expect(isModelAddress(path)).toBe(false);
    }
  });
});
