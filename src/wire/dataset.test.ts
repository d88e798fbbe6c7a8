import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { writePictureFolder } from "../../tests/support/picture-folder.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import * as dataset from "./dataset.ts";

const functions: Readonly<Record<string, (...given: never[]) => Promise<unknown>>> = dataset;
const optionsFirst = 1;
const optionsSecond = 2;
/** Where the options stand among the arguments. */
const positions: Readonly<Record<string, number>> = { buildPack: optionsSecond, makeThumbnails: optionsSecond };

describe("every function of pawprint/dataset that takes options", () => {
  it.each(Object.keys(functions))("%s refuses a name that it does not know, and what is no object", async (name) => {
    const others = Array<unknown>(positions[name] ?? optionsFirst).fill({});
    const call = (options: unknown) => functions[name]!(...([...others, options] as never[]));
    expect(await failureOf(call({ nonsense: 1 }))).toMatchObject({
      code: "CONFIG_UNKNOWN_KEY",
      required: `a known option of ${name}`,
    });
    expect(await failureOf(call(7))).toMatchObject({ code: "CONFIG_INVALID", where: name });
  });
});

it("checks the values of inner options, too", async () => {
  const folder = join(temporaryFolder(), "pictures");
  await writePictureFolder(folder, { perClass: 3 });
  const source = await dataset.openSource(folder);
  const thresholds = { minSidPx: 4 } as never;
  await expect(dataset.inspectSource(source, { thresholds })).rejects.toMatchObject({
    hint: "did you mean minSidePx?",
  });
  const fine = await dataset.inspectSource(source, { thresholds: { minSidePx: 100 } });
  expect(fine.findings.map(({ kind }) => kind)).toContain("too-small");
});
