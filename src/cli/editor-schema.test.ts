import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { editorSchema } from "./editor-schema.ts";
import { pawprintConfigSchema } from "./pawprint-config.ts";

describe("the schema for editors", () => {
  const check = new Ajv2020({ strict: false }).compile(JSON.parse(editorSchema(pawprintConfigSchema)));

  it.each([{}, { serve: { port: 9000 } }, { train: { epochs: 3, architecture: "cnn" } }])("takes %j", (value) => {
    expect(check(value)).toBe(true);
  });

  it.each([{ server: {} }, { serve: { prot: 9000 } }, { serve: { port: "high" } }, { train: { epochs: -1 } }])(
    "refuses %j",
    (value) => {
      expect(check(value)).toBe(false);
    },
  );
});
