import { expect, it } from "vitest";
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

it("refuses a value of the wrong type or range", () => {
  expect(() => completeConfig({ model: "m.onnx", port: -1 })).toThrow("for serve.port; got -1");
});
