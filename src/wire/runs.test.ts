import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { recordRuns } from "../../tests/support/recorded-runs.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { openModels } from "./models.ts";
import * as library from "./runs.ts";

/** Where the options stand among the arguments, of each function that takes some. */
const positions = {
  openRunStore: 0,
  listRuns: 1,
  findRun: 2,
  readRun: 2,
  compareRuns: 2,
  exportRuns: 2,
  renderRunComparison: 1,
} as const;
const functions: Readonly<Record<string, (...given: never[]) => Promise<unknown>>> = {
  ...library,
  watchRun: async (...given: never[]) => library.watchRun(...(given as unknown as Parameters<typeof library.watchRun>)),
};

describe("every function of pawprint/tracking that takes options", () => {
  it.each([...Object.entries(positions), ["watchRun", 2] as const])(
    "%s refuses a name that it does not know",
    async (name, at) => {
      const call = (options: unknown) => functions[name]!(...([...Array<unknown>(at).fill({}), options] as never[]));
      expect(await failureOf(call({ nonsense: 1 }))).toMatchObject({
        code: "CONFIG_UNKNOWN_KEY",
        required: `a known option of ${name}`,
      });
      expect(await failureOf(call(7))).toMatchObject({ code: "CONFIG_INVALID", where: name });
    },
  );
});

it("takes the place from the environment, and the option over it", async () => {
  const folder = temporaryFolder("runs");
  const env = { MLFLOW_TRACKING_URI: folder };
  expect((await library.openRunStore({ env })).location).toBe(folder);
  expect((await library.openRunStore({ env, trackingUri: `${folder}/other` })).location).toBe(`${folder}/other`);
  expect(await failureOf(library.openRunStore({ trackingUri: "sqlite:///x.db" }))).toMatchObject({
    code: "TRACKING_URI_INVALID",
  });
  await writeFile(`${folder}/file`, "");
  const file = { trackingUri: `${folder}/file`, env: {} };
  for (const opening of [library.openRunStore(file), openModels(file)]) {
    expect(await failureOf(opening)).toMatchObject({ code: "TRACKING_URI_INVALID", received: "a file" });
  }
});

it("draws curves of runs with hostile names as SVG that is whole", async () => {
  const store = await library.openRunStore({ trackingUri: temporaryFolder("runs"), env: {} });
  const name = `</svg><script>alert(1)</script>\u202e${"x".repeat(200)}`;
  const runs = await recordRuns(store, [
    { name, metrics: { val_loss: [3, Number.NaN, 1, Number.POSITIVE_INFINITY] } },
    { name, metrics: { val_loss: [2, 1] } },
  ]);
  const comparison = await library.compareRuns(store, runs);
  const facts = { place: "http://localhost:5000", version: "1", now: new Date(0) };
  for (const text of [
    await library.renderComparisonCurves(comparison),
    await library.renderRunComparison(comparison, facts),
  ]) {
    expect(text).not.toContain("<script");
    expect(text).not.toContain("\u202e");
    expect(text).not.toMatch(/[^-\w]NaN[^-\w].*<path/);
  }
  expect(await library.renderRunComparison(comparison, facts)).toContain(
    `href="http://localhost:5000/#/experiments/${runs[0]!.experimentId}/runs/${runs[0]!.id}"`,
  );
});

it("draws something where there is nothing to draw", async () => {
  const store = await library.openRunStore({ trackingUri: temporaryFolder("runs"), env: {} });
  const runs = await recordRuns(store, [{ name: "a" }, { name: "b" }]);
  expect(await library.renderComparisonCurves(await library.compareRuns(store, runs))).toContain("nothing to show");
});
