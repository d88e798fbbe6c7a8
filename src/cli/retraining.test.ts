import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { prediction } from "../../tests/contracts/prediction-log.ts";
import { captureContext } from "../../tests/support/captured-context.ts";
import { writePictureFolder } from "../../tests/support/picture-folder.ts";
import { pipelineFolder } from "../../tests/support/pipeline-folder.ts";
import { drawSamplePicture } from "../image/sample-pictures.ts";
import { openKeptPictures } from "../prediction-log/kept-pictures.ts";
import { openPredictionLog } from "../prediction-log/open-prediction-log.ts";
import { openFolderStore } from "../storage/folder-store.ts";
import { runCommand } from "./frame/run-command.ts";

const noon = Date.UTC(2026, 10, 29, 12);
/** A candidate is trained, judged and promoted; `names` is of other data. */
const pipeline = `stages:
  train:
    cmd: ls data/raw/* > model.txt
    deps: [data/raw]
    outs: [model.txt]
  promote:
    cmd: echo pawprint models promote pets 1 > promoted.txt
    deps: [model.txt]
    outs: [promoted.txt]
  tell:
    cmd: cp promoted.txt told.txt
    deps: [promoted.txt]
    outs: [told.txt]
  names:
    cmd: cp names.txt copied.txt
    deps: [names.txt]
    outs: [copied.txt]
`;

async function project() {
  const { folder: cwd } = await pipelineFolder({ "dvc.yaml": pipeline, "names.txt": "x" });
  await writePictureFolder(join(cwd, "data/raw"), { labels: ["cat", "dog"], perClass: 2 });
  const log = await openPredictionLog(join(cwd, "log.db"));
  const pictures = openKeptPictures(openFolderStore(join(cwd, "pictures")));
  for (const [at, requestId] of ["a", "b"].entries()) {
    await log.append([prediction(at, { requestId, label: "cat", timeMs: noon + at })]);
    await pictures.keep(
      { requestId, position: 0, timeMs: noon + at },
      await drawSamplePicture({ label: "cat", seed: at, sizePx: 16 }),
    );
  }
  await pictures.close();
  const say = (id: string, requestId: string, label: string, timeMs: number) =>
    log.addFeedback([{ feedbackId: id, requestId, position: 0, label, timeMs }]);
  const run = async (...line: readonly string[]) => {
    const { context, out, err } = captureContext({ cwd, env: { PATH: process.env.PATH, SHELL: "/bin/sh" } });
    const argv = ["monitor", "export", "--prediction-log", "log.db", "--keep-pictures", "pictures", "--json", ...line];
    const exitCode = await runCommand(argv, context);
    return { exitCode, err: err() + out(), result: exitCode === 0 ? JSON.parse(out()).retraining : undefined };
  };
  return { cwd, log, say, run };
}

it("monitor export --retrain adds what was labelled, trains a candidate and promotes nothing", async () => {
  const { cwd, log, say, run } = await project();
  await say("1", "a", "dog", 1);
  await say("2", "b", "owl", 2);
  const first = await run("--out", "first", "--retrain");
  expect(first).toMatchObject({ exitCode: 0, result: { added: 2, moved: 0, present: 0, isComplete: true } });
  expect(first.result.nodes).toMatchObject([{ name: "train", end: "ran" }]);
  expect(first.result.leftOut).toEqual(["promote", "tell"]);
  expect(existsSync(join(cwd, "promoted.txt"))).toBe(false);
  expect(existsSync(join(cwd, "copied.txt"))).toBe(false);
  expect(readFileSync(join(cwd, "model.txt"), "utf8")).toContain("owl:\nb-0.jpg");
  expect(readdirSync(join(cwd, "data/raw/dog"))).toEqual(["a-0.jpg", "dog.0.png", "dog.1.png"]);

  const again = await run("--out", "again", "--retrain");
  expect(again.result).toMatchObject({ added: 0, moved: 0, present: 2 });
  expect(again.result.nodes).toMatchObject([{ name: "train", end: "unchanged" }]);

  await say("3", "a", "cat", 3);
  expect((await run("--out", "other", "--retrain")).result).toMatchObject({ added: 0, moved: 1, present: 1 });
  expect(readdirSync(join(cwd, "data/raw/dog"))).toEqual(["dog.0.png", "dog.1.png"]);
  expect(readdirSync(join(cwd, "data/raw/cat"))).toContain("a-0.jpg");
  await log.close();
});

it("monitor export --retrain writes nothing where the pipeline has no use for it, or a class has no place", async () => {
  const { cwd, log, say, run } = await project();
  await say("1", "a", "train", 1);
  const wrong = async (...line: readonly string[]) => (await run("--retrain", ...line)).err;
  expect(await wrong("--out", "set", "--data", "data/other")).toContain("one that no stage depends on");
  expect(await wrong("--out", "set", "--data", "model.txt")).toContain("an output of the stage train");
  expect(await wrong("--out", "set", "--only", "uncertain")).toContain("got --only uncertain");
  expect(existsSync(join(cwd, "set"))).toBe(false);
  expect(await wrong("--out", "set")).toContain("classes whose folders can have their names; got 'train'");
  expect(readdirSync(join(cwd, "data/raw"))).toEqual(["cat", "dog"]);
  expect(existsSync(join(cwd, "model.txt"))).toBe(false);
  await log.close();
  writeFileSync(join(cwd, "dvc.yaml"), "stages: {}\n");
  expect(await wrong("--out", "more")).toContain("one that no stage depends on");
});
