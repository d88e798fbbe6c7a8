import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { writePictureFolder } from "../../../../tests/support/picture-folder.ts";
import { openFileRunStore } from "../../../tracking/files/file-run-store.ts";
import { runCommand } from "../../frame/run-command.ts";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "pawprint-sweep-"));
  await writePictureFolder(join(cwd, "pictures"));
  await writeFile(
    join(cwd, "small.yaml"),
    `data: pictures
trials: 2
epochs: 1
fixed: { size: 8, widths: [8], batchSize: 8, flip: false }
search: { learningRate: { choice: [0.01, 0.02] } }
`,
  );
  await writeFile(
    join(cwd, "broken.yaml"),
    "data: pictures\nsearch: { size: { choice: [4] } }\ntrials: 1\nepochs: 1\nfixed: { widths: [8, 8, 8, 8] }\n",
  );
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function run(line: string) {
  const { context, out, err } = captureContext({ cwd });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err() };
}

it("trains every trial in its own process, and ends with a table, a chart and bundles", async () => {
  const { exitCode, out } = await run("sweep small.yaml");
  expect(exitCode).toBe(0);
  expect(out).toMatch(/TRIAL +EPOCHS +VALIDATION +LOSS +learningRate\n/);
  expect(out).toMatch(
    /Best {2}sweeps\/small\/trial-00[01]-epochs-1\/model\.onnx; the chart: sweeps\/small\/sweep\.svg/,
  );
  const folder = join(cwd, "sweeps", "small");
  expect(await readdir(folder)).toEqual([
    "run.json",
    "sweep.csv",
    "sweep.json",
    "sweep.svg",
    "trial-000-epochs-1",
    "trial-001-epochs-1",
  ]);
  expect(await readdir(join(folder, "trial-000-epochs-1"))).toEqual([
    "log.txt",
    "model.checkpoints",
    "model.onnx",
    "result.json",
    "train.yaml",
  ]);
  expect((await readFile(join(folder, "sweep.csv"), "utf8")).split("\r\n")[0]).toBe(
    "trial,epochs,validation_accuracy,validation_loss,duration_ms,error,learningRate",
  );
  const again = JSON.parse((await run("sweep small.yaml --json")).out);
  expect(again.reused).toBe(2);
  expect(again.results).toHaveLength(2);
});

it("is recorded as a run, each trial a part of it, and stays in it when it is resumed", async () => {
  const store = await openFileRunStore(join(cwd, "runs"));
  const { runs } = await store.searchRuns({ orderBy: ["attributes.run_name ASC"] });
  await store.close();
  expect(runs.map(({ name, status }) => [name, status])).toEqual([
    ["small", "FINISHED"],
    ["trial-000-epochs-1", "FINISHED"],
    ["trial-001-epochs-1", "FINISHED"],
  ]);
  const [parent, ...trials] = runs;
  expect(trials.map(({ tags }) => tags.get("mlflow.parentRunId"))).toEqual([parent!.id, parent!.id]);
  expect(parent!.params.get("search.learningRate")).toBe('{"kind":"choice","values":[0.01,0.02]}');
  expect(trials.map(({ id }) => id)).toContain(parent!.tags.get("pawprint.best_run"));
  const best = Math.max(...trials.map(({ metrics }) => metrics.get("val_accuracy")!.value));
  expect(parent!.metrics.get("val_accuracy")?.value).toBe(best);
});

it("resumes an interrupted trial from its checkpoint, to the same metrics", async () => {
  const folder = join(cwd, "sweeps", "small", "trial-001-epochs-1");
  const before = JSON.parse(await readFile(join(folder, "result.json"), "utf8"));
  for (const name of ["result.json", "model.onnx"]) await rm(join(folder, name));
  const { reused, results } = JSON.parse((await run("sweep small.yaml --json")).out);
  expect(reused).toBe(1);
  expect(await readFile(join(folder, "log.txt"), "utf8")).toContain("resuming after epoch 1");
  const after = results.find(({ trial }: { trial: number }) => trial === 1);
  expect({ ...after, durationMs: 0 }).toEqual({ ...before, durationMs: 0 });
});

it("leaves checkpoints of another training alone, and says how to train that trial anew", async () => {
  const [other, folder] = ["trial-000-epochs-1", "trial-001-epochs-1"].map((name) =>
    join(cwd, "sweeps", "small", name),
  );
  const before = JSON.parse(await readFile(join(folder!, "result.json"), "utf8"));
  for (const name of ["result.json", "model.onnx", "model.checkpoints"]) {
    await rm(join(folder!, name), { recursive: true });
  }
  await cp(join(other!, "model.checkpoints"), join(folder!, "model.checkpoints"), { recursive: true });
  const refused = JSON.parse((await run("sweep small.yaml --json")).out);
  expect(refused.results.map(({ error }: { error?: { code: string } }) => error?.code)).toContain("CHECKPOINT_INVALID");
  expect((await run("sweep small.yaml --trial 1")).err).toContain(`delete ${folder}`);
  expect(await readdir(join(folder!, "model.checkpoints"))).not.toEqual([]);
  await rm(folder!, { recursive: true });
  const { results } = JSON.parse((await run("sweep small.yaml --json")).out);
  const after = results.find(({ trial }: { trial: number }) => trial === 1);
  expect({ ...after, durationMs: 0, runId: "" }).toEqual({ ...before, durationMs: 0, runId: "" });
});

it("runs one trial alone, the same as in the sweep", async () => {
  const { exitCode, out } = await run("sweep small.yaml --trial 1 --out alone --json");
  expect(exitCode).toBe(0);
  const alone = JSON.parse(out);
  const whole = JSON.parse(await readFile(join(cwd, "sweeps", "small", "trial-001-epochs-1", "result.json"), "utf8"));
  expect({ ...alone, durationMs: 0, runId: "" }).toEqual({ ...whole, durationMs: 0, runId: "" });
});

it("keeps the error of a trial that fails, and ends with 1 where none is left", async () => {
  const { exitCode, out } = await run("sweep broken.yaml --json");
  expect(exitCode).toBe(1);
  const { results } = JSON.parse(out);
  expect(results[0].error).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining("4x4") });
});

it.each([
  ["sweep", 2, "CLI_USAGE"],
  ["sweep nowhere.yaml", 1, "FILE_NOT_FOUND"],
  ["sweep small.yaml --parallel 0", 2, "CLI_USAGE"],
])("%s ends with %i and %s", async (line, exitCode, code) => {
  const answer = await run(line);
  expect(answer.err).toContain(`error ${code}`);
  expect(answer.exitCode).toBe(exitCode);
});

it("asks neither pawprint.yaml nor the environment, and packs once for trials side by side", async () => {
  await writeFile(join(cwd, "pawprint.yaml"), "train: { architecture: resnet, time: 1h }\n");
  const { context, out } = captureContext({ cwd, env: { PAWPRINT_TRAIN_EPOCHS: "3" } });
  const exitCode = await runCommand("sweep small.yaml --parallel 2 --out beside --json".split(" "), context);
  await rm(join(cwd, "pawprint.yaml"));
  expect(exitCode).toBe(0);
  const plain = JSON.parse((await run("sweep small.yaml --json")).out);
  const figures = (results: { trial: number; validationLoss: number }[]) =>
    results.map(({ trial, validationLoss }) => [trial, validationLoss]);
  expect(figures(JSON.parse(out()).results)).toEqual(figures(plain.results));
});
