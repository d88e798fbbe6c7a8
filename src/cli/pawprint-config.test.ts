import { readFileSync } from "node:fs";
import { Type } from "typebox";
import { describe, expect, expectTypeOf, it } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { configLeaves } from "../base/config/config-leaves.ts";
import { describeSchema } from "../base/schema/describe-schema.ts";
import { jsonSchemaOf } from "../base/schema/json-schema.ts";
import { trainConfigSchema } from "../train/plan/train-config.ts";
import type { OptionValues } from "./frame/command.ts";
import { loadPawprintConfig, optionsOf, pawprintConfigSchema } from "./pawprint-config.ts";

describe("a section's keys as flags", () => {
  it("carry their description, range and choices", () => {
    const section = Type.Object({
      epochs: Type.Optional(Type.Integer({ minimum: 1, maximum: 9, description: "passes" })),
      rate: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "speed" })),
      mode: Type.Optional(Type.Union([Type.Literal("a"), Type.Literal("b")], { description: "which" })),
      flip: Type.Optional(Type.Boolean({ description: "mirror" })),
      widths: Type.Optional(Type.Array(Type.Integer(), { description: "filters" })),
    });
    expect(optionsOf(section)).toEqual([
      { name: "epochs", doc: "passes", type: "integer", min: 1, max: 9 },
      { name: "rate", doc: "speed", type: "number" },
      { name: "mode", doc: "which", type: "choice", choices: ["a", "b"] },
      { name: "flip", doc: "mirror", type: "boolean", hasNoDefault: true },
      { name: "widths", doc: "filters", type: "string", placeholder: "LIST" },
    ]);
    expect(optionsOf(section, ["flip"]).map(({ name }) => name)).toEqual(["flip"]);
  });

  it("keep the types of their values", () => {
    const { train, serve } = pawprintConfigSchema.properties;
    const picked = [...optionsOf(train, ["data", "size", "channels", "fit", "flip", "widths"]), ...optionsOf(serve)];
    type Values = OptionValues<typeof picked>;
    expectTypeOf<Pick<Values, "data" | "size" | "channels" | "fit" | "flip" | "widths">>().toEqualTypeOf<{
      readonly data: string | undefined;
      readonly size: number | undefined;
      readonly channels: "1" | "3" | undefined;
      readonly fit: "cover" | "contain" | "stretch" | undefined;
      readonly flip: boolean | undefined;
      readonly widths: string | undefined;
    }>();
    expectTypeOf<Values["port"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<keyof Values>().extract<"epochs" | "jwt">().toBeNever();
    // @ts-expect-error no key of the section
    expect(optionsOf(train, ["epoch"])).toEqual([]);
  });

  it("all have a description to show", () => {
    for (const { name, doc } of optionsOf(trainConfigSchema)) expect(doc, name).toMatch(/^\S.*\S$/);
    expect(optionsOf(trainConfigSchema).some(({ doc }) => doc === "undefined")).toBe(false);
  });
});

it("every text of a certain form is explained by examples, which have that form", () => {
  const leaves = configLeaves(pawprintConfigSchema).map(({ key, schema }) => ({ key, ...jsonSchemaOf(schema) }));
  const patterned = leaves.filter(({ pattern }) => pattern !== undefined);
  expect(patterned.length).toBeGreaterThan(3);
  for (const { key, examples = [], pattern = "" } of patterned) {
    expect(examples, key).not.toHaveLength(0);
    for (const example of examples) expect(example).toMatch(new RegExp(pattern));
  }
  expect(describeSchema(trainConfigSchema.properties.time)).toBe("a text like 90s or 20m or 1.5h");
});

it("every variable that image and program read is passed over or a setting", async () => {
  const texts = ["Dockerfile", "src/base/build-info.ts", "src/wire/pipeline-stage.ts"].map((path) =>
    readFileSync(path, "utf8"),
  );
  const names = new Set(texts.flatMap((text) => text.match(/\bPAWPRINT_[A-Z_]+[A-Z]\b/g) ?? []));
  expect(names).toContain("PAWPRINT_GIT_COMMIT");
  const settings = new Set(configLeaves(pawprintConfigSchema).map(({ environmentName }) => environmentName));
  const others = [...names].filter((name) => !settings.has(name));
  const env = Object.fromEntries(others.map((name) => [name, "any value"]));
  await expect(loadPawprintConfig({ cwd: temporaryFolder(), env }, "serve", {})).resolves.toBeDefined();
});
