import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { sha256File } from "../../base/hash.ts";
import { backboneCatalogue, catalogueCard, catalogueEntry, knownBackbone } from "./catalogue.ts";
import { parseBackboneCard } from "./input-recipe.ts";

describe.each(Object.entries(backboneCatalogue))("the catalogue's %s", (name, entry) => {
  it("has a hash, a size, a safe file name and https addresses", () => {
    expect(entry.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(Number.isInteger(entry.sizeBytes) && entry.sizeBytes > 100_000).toBe(true);
    expect(entry.fileName).toMatch(/^[\w.-]+\.onnx$/);
    for (const url of [...entry.urls, entry.page]) expect(new URL(url).protocol).toBe("https:");
  });

  it("says where each of its facts comes from", () => {
    const stated = (["layer", "parameters", "multiplyAdds", "top1"] as const).filter(
      (fact) => entry[fact] !== undefined,
    );
    expect(Object.keys(entry.sources)).toEqual(expect.arrayContaining(["sha256", "licence", "input", ...stated]));
  });

  it("gives a side-car file that a training understands", () => {
    const card = catalogueCard(name, entry);
    expect(parseBackboneCard(JSON.stringify(card), "card")).toEqual(card);
    expect(card).toMatchObject({ name, sha256: entry.sha256, licence: entry.licence });
  });

  it("is known by its hash alone", () => {
    expect(knownBackbone(entry.sha256)?.name).toBe(name);
  });
});

it("names the nearest entry", () => {
  expect(failureOf(() => catalogueEntry("mobilnetv2-12.onnx"))).toMatchObject({
    code: "CLI_USAGE",
    hint: "did you mean mobilenetv2-12?",
  });
  expect(failureOf(() => catalogueEntry("toString")).code).toBe("CLI_USAGE");
  expect(knownBackbone("0".repeat(64))).toBeUndefined();
});

const data = join(import.meta.dirname, "../../../../shared/data/backbones");

describe.runIf(existsSync(data))("the files that are at hand", () => {
  const tested = Object.values(backboneCatalogue).filter(({ isTested }) => isTested);
  it.each(tested)("$fileName has the SHA-256 of its entry", async ({ fileName, sha256 }) => {
    expect(await sha256File(join(data, fileName))).toBe(sha256);
  });
});
