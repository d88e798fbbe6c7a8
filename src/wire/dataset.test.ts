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

const file = { name: "a.zip", urls: ["https://host/a.zip"], sizeBytes: 3, sha256: "00" };

it.each([
  ["quarantine", { files: 5 }, "methods of node:fs/promises for files; got 5"],
  ["quarantine", { files: { open() {}, link() {} } }, "for files; got an object with the keys 'open', 'link'"],
  ["restoreQuarantine", { files: "disk" }, "for files; got 'disk'"],
  ["fetchPublicSet", { to: "a", sets: 5 }, "sets by their names for sets; got 5"],
  ["fetchPublicSet", { to: "a", sets: [] }, "sets by their names for sets; got a list of 0"],
  ["fetchPublicSet", { to: "a", sets: { mine: 5 } }, "for sets.mine; got 5"],
  ["fetchPublicSet", { to: "a", sets: { mine: { files: 5 } } }, "for sets.mine.files; got 5"],
  [
    "fetchPublicSet",
    { to: "a", sets: { mine: { files: [{ ...file, urls: 5 }] } } },
    "for sets.mine.files.0.urls; got 5",
  ],
])("%s holds what it works with to its form: %j", async (name, options, message) => {
  const failure = await failureOf(functions[name]!(...(["given", options] as never[])));
  expect(failure).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining(message) });
});
