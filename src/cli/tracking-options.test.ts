import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { trackingAccessFor, trackingOptions, trackingSettings } from "./tracking-options.ts";

const cwd = temporaryFolder();

describe("tracking's settings", () => {
  it("have a flag each, except what only a file needs", () => {
    expect(trackingOptions.map(({ name }) => name).toSorted()).toEqual(
      [
        "experiment",
        "logCheckpoints",
        "metricSteps",
        "parentRun",
        "runName",
        "tag",
        "tracking",
        "trackingCaFile",
        "trackingTimeoutMs",
        "trackingUri",
      ].toSorted(),
    );
  });

  it("are flags over environment over file; tags of both stand together", async () => {
    const file = "tracking:\n  experiment: filed\n  metricSteps: 7\n  tags: { team: pets, area: north }\n";
    await writeFile(join(cwd, "pawprint.yaml"), file);
    const env = { PAWPRINT_TRACKING_EXPERIMENT: "of the environment", PAWPRINT_TRACKING_METRIC_STEPS: "8" };
    const settings = await trackingSettings(
      { cwd, env },
      { metricSteps: 9, tag: ["team=cats", 'note=a=b "c"', '{"x":"1","y":""}'], tracking: false },
    );
    expect(settings).toMatchObject({ enabled: false, experiment: "of the environment", metricSteps: 9 });
    expect(settings.tags).toEqual({ team: "cats", area: "north", note: 'a=b "c"', x: "1", y: "" });
  });

  it("refuse a tag without a value", async () => {
    for (const tag of ["team", "=pets", '{"a":1}', "{a", "[1]"]) {
      const failure = await failureOf(trackingSettings({ cwd, env: {} }, { tag: [tag] }));
      expect(failure).toMatchObject({ code: "CLI_USAGE" });
      expect(failure.message).toContain("KEY=VALUE");
    }
  });

  it("choose the place: flag, then MLflow's variable, then runs/", async () => {
    const at = (env: Record<string, string>, trackingUri?: string) => trackingAccessFor({ cwd, env }, { trackingUri });
    const env = { MLFLOW_TRACKING_URI: "http://me:secret@127.0.0.1:5000/" };
    expect(await at({})).toEqual({ kind: "folder", folder: join(cwd, "runs") });
    expect(await at(env)).toMatchObject({ kind: "server", url: "http://127.0.0.1:5000", user: "me" });
    expect(await at(env, "elsewhere")).toEqual({ kind: "folder", folder: join(cwd, "elsewhere") });
  });
});
