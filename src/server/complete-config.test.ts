import { expect, it } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { completeConfig } from "./complete-config.ts";

it("takes undefined for not given, as programs pass it", () => {
  // As from JavaScript, where no compiler stops it.
  const given = JSON.parse('{"model":"m.onnx"}');
  given.port = given.keysFile = undefined;
  const config = completeConfig(given);
  expect(config).toEqual(completeConfig({ model: "m.onnx" }));
  expect(config.port).toBe(8000);
  expect("keysFile" in config).toBe(false);
});

it.each([
  [
    { model: "m.onnx", port: -1 },
    "CONFIG_INVALID",
    "Expected a whole number from 0 to 65535 for port; got -1 (createServer)",
    undefined,
  ],
  [
    { model: "m.onnx", port: "80" },
    "CONFIG_INVALID",
    "Expected a whole number from 0 to 65535 for port; got '80' (createServer)",
    undefined,
  ],
  [
    { model: "m.onnx", keyFile: "k" },
    "CONFIG_UNKNOWN_KEY",
    "Expected a known option of createServer; got keyFile",
    "did you mean keysFile?",
  ],
  [
    { model: "m.onnx", jwt: { isuer: "x" } },
    "CONFIG_UNKNOWN_KEY",
    "Expected a known option of createServer; got jwt.isuer",
    "did you mean issuer?",
  ],
  [
    { model: "m.onnx", jwt: { issuer: "x" } },
    "CONFIG_INVALID",
    "Expected a text that is not empty for jwt.audience; got nothing (createServer)",
    undefined,
  ],
  [{}, "CONFIG_INVALID", "Expected a text that is not empty for model; got nothing (createServer)", undefined],
  ["m.onnx", "CONFIG_INVALID", "Expected an object with options; got 'm.onnx' (createServer)", "give { model: … }"],
])("refuses %j", (options, code, message, hint) => {
  const failure = failureOf(() => completeConfig(options as never));
  expect(failure).toMatchObject({ code, message });
  expect(failure.hint).toBe(hint);
});

it("fills in the defaults of a section that is given", () => {
  const { jwt } = completeConfig({ model: "m.onnx", jwt: { issuer: "x", audience: "y" } as never });
  expect(jwt).toEqual({ issuer: "x", audience: "y", scopesClaim: "scope" });
});

it("takes names of hosts, and none that no Host header could match", () => {
  const names = ["pets.example.com", ".example.com", "*", "pets"];
  expect(completeConfig({ model: "m.onnx", allowedHosts: names }).allowedHosts).toEqual(names);
  for (const name of ["pets.example.com:8000", "https://pets.example.com", "*.example.com", ""]) {
    const failure = failureOf(() => completeConfig({ model: "m.onnx", allowedHosts: [name] }));
    expect(failure).toMatchObject({ code: "CONFIG_INVALID" });
  }
});
