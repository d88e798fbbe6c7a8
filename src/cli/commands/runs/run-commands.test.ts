import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { firstStartMs, hourMs, recordRuns } from "../../../../tests/support/recorded-runs.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import type { Run } from "../../../tracking/run.ts";
import type { RunStore } from "../../../tracking/run-store.ts";
import { openRunStore } from "../../../wire/runs.ts";
import { openModelRegistry } from "../../../wire/tracking.ts";
import { runCommand } from "../../frame/run-command.ts";

let cwd = "";
let store: RunStore;
let runs: Run[];
beforeEach(async () => {
  cwd = temporaryFolder("runs");
  store = await openRunStore({ trackingUri: join(cwd, "runs"), env: {} });
  runs = await recordRuns(store, [
    { name: "sweep" },
    {
      name: "small",
      parent: "sweep",
      params: { epochs: "3", learningRate: "0.01", optimizer: "adamw" },
      tags: { "pawprint.reason.learningRate": "given", team: "pets" },
      metrics: { val_loss: [0.9, 0.4, 0.5], val_accuracy: [0.5, 0.8, 0.7], test_accuracy: [0.72] },
    },
    {
      name: "large",
      parent: "sweep",
      status: "FAILED",
      params: { epochs: "3", learningRate: "0.1", optimizer: "adamw" },
      metrics: { val_loss: [0.8, 0.3, 0.2], val_accuracy: [0.6, 0.85, 0.9], test_accuracy: [0.88] },
    },
    { name: "other", metrics: { "dice score": [0.5, 0.6] } },
  ]);
});

async function run(argv: readonly string[], width = 100) {
  const { context, out, err, logged } = captureContext({ cwd, width, now: () => firstStartMs + 5 * hourMs });
  const exitCode = await runCommand(argv, context);
  return { exitCode, out: out(), err: err(), logged };
}

const json = async (argv: readonly string[]) => JSON.parse((await run([...argv, "--json"])).out);

describe("runs list", () => {
  it("shows the newest runs first, children below their parents, with the metrics that they have", async () => {
    const { out } = await run(["runs", "list"]);
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^ID +NAME +STATUS +STARTED +TIME +test_accuracy +val_accuracy +val_loss +dice score$/);
    expect(lines.slice(1).map((line) => line.split(/ {2,}/)[1])).toEqual(["other", "sweep", "└ large", "└ small"]);
    expect(lines[3]).toMatch(/failed +3 h ago +3 m 20 s +0\.8800 +0\.9000 +0\.2000$/);
  });

  it("shows which runs made the versions that aliases stand for", async () => {
    const registry = await openModelRegistry({ kind: "folder", folder: join(cwd, "runs") });
    await registry.ensureModel("cats-dogs");
    await registry.createVersion("cats-dogs", { source: `runs:/${runs[2]!.id}/model`, runId: runs[2]!.id });
    await registry.setAlias("cats-dogs", "champion", "1");
    expect((await run(["runs", "list"], 120)).out).toMatch(/large .* cats-dogs@champion\n/);
  });

  it.each([60, 80, 120])("fits %i columns, and names what had no room", async (width) => {
    const { out } = await run(["runs", "list"], width);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
    expect(out.includes("left out at this width")).toBe(width < 100);
  });

  it("leaves out the histories of aliases, which nobody trained, unless they are asked for", async () => {
    const experiment = await store.ensureExperiment("pawprint-promotions");
    await store.createRun({ experimentId: experiment.id, name: "small", startedMs: firstStartMs + 9 * hourMs });
    expect((await json(["runs", "list"])).runs).toHaveLength(4);
    expect((await json(["runs", "show", "last"])).name).toBe("other");
    expect((await json(["runs", "show", "small"])).id).toBe(runs[1]!.id);
    expect((await json(["runs", "list", "--experiment", "pawprint-promotions"])).runs).toHaveLength(1);
  });

  it("sorts by a metric with the best first, and the other way round", async () => {
    const names = async (...sort: string[]) =>
      (await json(["runs", "list", "--sort", ...sort])).runs.map(({ name }: Run) => name).slice(0, 2);
    expect(await names("val_accuracy")).toEqual(["large", "small"]);
    expect(await names("val_loss")).toEqual(["large", "small"]);
    expect(await names("val_loss", "--reverse")).toEqual(["small", "large"]);
    expect(await names("started")).toEqual(["other", "large"]);
  });

  it("shows the metric that it sorts by, and tells where no run has it", async () => {
    expect((await run(["runs", "list", "--sort", "dice score"])).out).toMatch(/^ID +NAME +STATUS.* dice score /);
    const { exitCode, logged } = await run(["runs", "list", "--sort", "val_acuracy"]);
    expect(exitCode).toBe(0);
    expect(logged.map(({ message }) => message)).toContain(
      "no run here has the metric val_acuracy: they are not sorted by it",
    );
  });

  it("says that there are more, and tells of folders that are no runs", async () => {
    const broken = join(cwd, "runs", runs[0]!.experimentId, "0".repeat(32));
    await mkdir(broken);
    await writeFile(join(broken, "meta.yaml"), "{");
    const { out, logged } = await run(["runs", "list", "--limit", "2"]);
    expect(out).toContain("the first 2 runs; more with --limit");
    expect(logged).toEqual([{ level: "warn", message: expect.stringContaining("is passed over") }]);
  });

  it("names the experiments that there are for one that there is not", async () => {
    const { exitCode, err } = await run(["runs", "list", "--experiment", "cats"]);
    expect(exitCode).toBe(1);
    expect(err).toMatch(/EXPERIMENT_NOT_FOUND: .*got cats .*\n.*there are: .*pets/);
  });

  it("is nothing in a folder that is not there, and makes none", async () => {
    const { exitCode, out } = await run(["runs", "list", "--tracking-uri", "none"]);
    expect([exitCode, out]).toEqual([0, expect.stringMatching(/^no runs in .*none\n$/)]);
    await expect(access(join(cwd, "none"))).rejects.toThrow("ENOENT");
  });
});

describe("runs search", () => {
  it("shows what the filter and the order name", async () => {
    const { out } = await run(["runs", "search", "params.learningRate = '0.1'", "--order-by", "metrics.val_loss ASC"]);
    expect(out).toMatch(/^ID .*learningRate/);
    expect(out.trimEnd().split("\n")).toHaveLength(2);
  });

  it("refuses what is no filter, with the place", async () => {
    const { exitCode, err } = await run(["runs", "search", "metrics.val_loss >"]);
    expect(exitCode).toBe(2);
    expect(err).toContain("FILTER_INVALID");
  });
});

describe("runs show", () => {
  it("finds a run by id, by its beginning, by name, and the last one", async () => {
    const small = runs[1]!;
    for (const reference of [small.id, small.id.slice(0, 8), "small"]) {
      expect((await json(["runs", "show", reference])).id).toBe(small.id);
    }
    expect((await json(["runs", "show", "last"])).name).toBe("other");
  });

  it("shows settings with reasons, and the last and best value of each metric", async () => {
    const { out } = await run(["runs", "show", "small"]);
    expect(out).toMatch(/^small {2}finished\n/);
    expect(out).toMatch(/learningRate +0\.01 +given\n/);
    expect(out).toMatch(/val_loss +0\.5000 +3 +0\.4000 +2 +█▁▂\n/);
    expect(out).toContain(runs[0]!.id); // the parent
  });

  it("draws its learning curves", async () => {
    expect((await run(["runs", "show", "small", "--chart", "curves.svg"])).exitCode).toBe(0);
    expect(await readFile(join(cwd, "curves.svg"), "utf8")).toMatch(/^<svg[^>]*>.*accuracy.*loss/s);
    expect((await run(["runs", "show", "small", "--chart", "curves.svg"])).err).toContain("FILE_EXISTS");
  });

  it("lists the candidates of a name that several runs have", async () => {
    await recordRuns(store, [{ name: "small" }], "more pets");
    const { exitCode, err } = await run(["runs", "show", "small"]);
    expect(exitCode).toBe(1);
    expect(err).toMatch(
      /RUN_NOT_FOUND: Expected one run .*small; got several: [0-9a-f]{12} \(small, .*\), [0-9a-f]{12} \(/,
    );
  });
});

describe("runs compare", () => {
  it("shows what differs, with the best values marked", async () => {
    const { out } = await run(["runs", "compare", "small", "large"]);
    expect(out).toMatch(/learningRate +0\.01 +0\.1\n/);
    expect(out).toMatch(/val_accuracy +0\.7000 +0\.9000\*\n/);
    expect(out).toMatch(/val_accuracy, best +0\.8000 @2 +0\.9000 @3\n/);
    expect(out).not.toMatch(/^optimizer/m);
    expect((await run(["runs", "compare", "small", "large", "--all"])).out).toMatch(/^optimizer/m);
  });

  it("turns the table where many runs would not fit", async () => {
    const many = await recordRuns(
      store,
      Array.from({ length: 12 }, (_, at) => ({
        name: `trial-${at}`,
        params: { lr: `${at}` },
        metrics: { val_loss: [1, at] },
      })),
    );
    const { out } = await run(["runs", "compare", ...many.map(({ id }) => id)], 80);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(out).toMatch(/^ID +NAME +.*val_loss.* lr/);
    expect(out).toMatch(/trial-0 .* 0\*/);
  });

  it("writes the curves and a page", async () => {
    const line = [
      "runs",
      "compare",
      "small",
      "large",
      "--chart",
      "c.svg",
      "--report",
      "c.html",
      "--metric",
      "val_loss",
    ];
    expect((await run(line)).exitCode).toBe(0);
    expect(await readFile(join(cwd, "c.svg"), "utf8")).toContain("val_loss over steps, 2 lines");
    const page = await readFile(join(cwd, "c.html"), "utf8");
    expect(page).toContain("large has the best test_accuracy, 0.8800, of 2 runs that differ in 1 setting");
    expect(page).not.toContain("<script");
  });

  it("needs two different runs", async () => {
    expect(await run(["runs", "compare", "small", runs[1]!.id])).toMatchObject({ exitCode: 2 });
  });
});

describe("runs delete and restore", () => {
  it("take a run out of the list and bring it back", async () => {
    const { out } = await run(["runs", "delete", "small"]);
    const names = async (...flags: string[]) =>
      (await json(["runs", "list", ...flags])).runs.map(({ name }: Run) => name);
    expect(await names()).not.toContain("small");
    expect(await names("--deleted")).toEqual(["small"]);
    expect((await run(["runs", "delete", "small"])).err).toContain("got a deleted one");
    const undo = /pawprint (runs restore [0-9a-f ]+)/.exec(out)![1]!;
    expect((await run(undo.split(" "))).exitCode).toBe(0);
    expect(await names()).toContain("small");
  });

  it("change nothing where one run is not found", async () => {
    expect((await run(["runs", "delete", "small", "nobody"])).exitCode).toBe(1);
    expect((await json(["runs", "list"])).runs).toHaveLength(4);
  });
});

describe("runs export", () => {
  it("makes a folder that holds the runs whole", async () => {
    const small = runs[1]!;
    await store.writeArtifact({ runId: small.id }, "notes/a.txt", Buffer.from("hello"));
    const model = await store.createModel({ experimentId: small.experimentId, name: "model", runId: small.id });
    await store.writeArtifact({ modelId: model.id }, "MLmodel", Buffer.from("flavors: {}\n"));
    await store.finishModel(model.id, "READY");
    expect(await run(["runs", "export", "small", "--out", "copy"])).toMatchObject({ exitCode: 0, logged: [] });
    const copy = await json(["runs", "show", "small", "--tracking-uri", "copy"]);
    expect(copy.id).toBe(small.id);
    expect(copy.params).toEqual({ epochs: "3", learningRate: "0.01", optimizer: "adamw" });
    expect(copy.artifacts).toEqual([{ path: "notes/a.txt", isFolder: false, sizeBytes: 5 }]);
    expect(copy.artifactUri).toContain(join(cwd, "copy"));
    expect(copy.models).toHaveLength(1);
    expect(copy.metrics.find(({ key }: { key: string }) => key === "val_loss").points).toHaveLength(3);
  });

  it("does not go among other files", async () => {
    await mkdir(join(cwd, "full"));
    await writeFile(join(cwd, "full", "a.txt"), "");
    expect((await run(["runs", "export", "small", "--out", "full"])).err).toContain("FILE_EXISTS");
  });

  it("writes a row for each run, and a row for each value", async () => {
    await run(["runs", "export", "--experiment", "pets", "--csv", "runs.csv", "--metrics-csv", "values.csv"]);
    const rows = (await readFile(join(cwd, "runs.csv"), "utf8")).trimEnd().split("\r\n");
    expect(rows).toHaveLength(5);
    expect(rows[0]).toMatch(/^run_id,run_name,.*,params\.epochs,.*,metrics\.dice score,.*,tags\.team$/);
    const values = (await readFile(join(cwd, "values.csv"), "utf8")).trimEnd().split("\r\n");
    expect(values).toHaveLength(1 + 7 + 7 + 2);
    expect(values).toContain(`${runs[1]!.id},small,val_loss,2,0.4,2026-01-10T13:00:02.000Z`);
  });

  it("asks for runs and a place", async () => {
    expect((await run(["runs", "export", "small"])).exitCode).toBe(2);
    expect((await run(["runs", "export", "--csv", "a.csv"])).exitCode).toBe(2);
  });
});

describe("runs watch", () => {
  it("ends with the run: 0 where it finished, 1 where it failed", async () => {
    expect(await run(["runs", "watch", "small"])).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^small finished after 3 m 20 s: val_accuracy 0\.7000, val_loss 0\.5000 {2}▁█▆\n$/),
    });
    expect((await run(["runs", "watch", "large"])).exitCode).toBe(1);
  });

  it("follows the run that is running, with a line for each change", async () => {
    const [live] = await recordRuns(store, [{ name: "live", status: "RUNNING", params: { epochs: "2" } }]);
    const { context, out } = captureContext({
      cwd,
      now: () => firstStartMs,
      // The training goes on when the line of its state was written.
      stdout: (text) => {
        lines.push(text);
        steps.shift()?.();
      },
    });
    const lines: string[] = [];
    const log = (step: number) => () =>
      void store.logBatch(live!.id, {
        metrics: [{ key: "train_loss", value: 1 / step, step, timestampMs: firstStartMs }],
      });
    const steps = [log(1), log(2), () => void store.updateRun(live!.id, { status: "FINISHED", endedMs: firstStartMs })];
    expect(await runCommand(["runs", "watch", "--interval-ms", "100"], context)).toBe(0);
    expect(out()).toBe("");
    expect(lines.map((line) => line.replace(/, |\n.*/gs, ";").split(";")[0])).toEqual([
      "live: started",
      "live: epoch 1/2",
      "live: epoch 2/2",
      expect.stringMatching(/^live finished after/),
    ]);
  });

  it("stops with Ctrl-C", async () => {
    await recordRuns(store, [{ name: "live", status: "RUNNING" }]);
    const { context } = captureContext({ cwd, signal: AbortSignal.abort() });
    expect(await runCommand(["runs", "watch"], context)).toBe(130);
  });
});
