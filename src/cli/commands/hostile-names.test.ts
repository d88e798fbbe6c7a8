/**
 * Names of files, classes, settings and addresses come from anywhere. No command may send what steers
 * a terminal, or let a name begin a line of its own.
 */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { prediction } from "../../../tests/contracts/prediction-log.ts";
import { captureContext } from "../../../tests/support/captured-context.ts";
import { modelFrom } from "../../../tests/support/onnx-model.ts";
import { writePictureFolder } from "../../../tests/support/picture-folder.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { writeUntrainedBundle } from "../../../tests/support/untrained-bundle.ts";
import { drawSamplePicture } from "../../image/sample-pictures.ts";
import { openKeptPictures } from "../../prediction-log/kept-pictures.ts";
import { openPredictionLog } from "../../prediction-log/open-prediction-log.ts";
import { openFolderStore } from "../../storage/folder-store.ts";
import { createConsoleLogger, createStyle } from "../frame/console.ts";
import { createProgressLines } from "../frame/progress.ts";
import { runCommand } from "../frame/run-command.ts";
import { commands } from "./table.ts";

/** A title, colours, a cleared screen by C1 controls, turned text, and a line that looks like ours. */
const evil = "\u001b]0;x\u0007\u001b[8m\u009b2J\u202egpj\u200b\u0085\u2028\rFORGED\nNext: FORGED";
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/u;
const ownCodes = new RegExp(`${evil[0]}\\[(?:1|2|22|31|32|33|36|39)m`, "g");

const cwd = temporaryFolder("hostile");
const data = `pictures${evil}`;
const model = `model${evil}.onnx`;
const wild = `wild${evil}.onnx`;
/** Sources take no label with a control character; a bundle may hold any. */
const labels = ["cat\u202egpj\u200b", "dog\u202egpj\u200b"];
const wildLabels = [`cat${evil}`, `dog${evil}`];
const fast = ["--size", "8", "--widths", "8", "--epochs", "1", "--batch-size", "8"];

async function run(argv: readonly string[], isTTY = true) {
  let err = "";
  const write = (text: string): void => {
    err += text;
  };
  const { context, out } = captureContext({
    cwd,
    isTTY,
    style: createStyle(true),
    stderr: write,
    logger: createConsoleLogger(write, createStyle(true)),
    progress: createProgressLines({ write, now: () => performance.now(), everyMs: 0 }),
    signal: AbortSignal.timeout(60_000),
  });
  const exitCode = await runCommand(argv, context);
  return { exitCode, out: out(), err };
}

/** A cell of CSV keeps its line breaks, between quotes. */
function expectSafe(text: string, isCsv = false): void {
  for (const line of text.split("\n")) {
    expect(line.replaceAll(ownCodes, "")).not.toMatch(unsafe);
    if (!isCsv) expect(line.replaceAll(ownCodes, "").trim()).not.toMatch(/^(Next: )?FORGED/);
  }
}

beforeAll(async () => {
  await writePictureFolder(join(cwd, data), { labels: ["red", "blue"], perClass: 12 });
  for (const [at, old] of ["red", "blue"].entries()) await rename(join(cwd, data, old), join(cwd, data, labels[at]!));
  await rename(join(cwd, data, labels[0]!, "red.0.png"), join(cwd, data, labels[0]!, `one${evil}.png`));
  await writeFile(join(cwd, data, labels[0]!, `torn${evil}.png`), "torn");
  await mkdir(join(cwd, data, `fox${evil}`));
  await writeFile(join(cwd, data, `fox${evil}`, "a.png"), "torn");
  const recipe = { width: 8, height: 8, channels: 3, fit: "cover", kernel: "cubic" } as const;
  await writeUntrainedBundle({ labels: wildLabels, recipe, widths: [4] }, join(cwd, wild));
  await writeFile(join(cwd, `sweep${evil}.yaml`), `${JSON.stringify({ [evil]: evil })}\n`);
  await writeFile(join(cwd, "fine.yaml"), `data: x\nsearch: { learningRate: { choice: [0.01] } }\n`);
  await writeFile(join(cwd, `labels${evil}.csv`), `request_id,label\r\n"${evil}","${evil}"\r\n`);
  await mkdir(join(cwd, `backbones${evil}`));
  const net = join(cwd, `backbones${evil}`, `net${evil}`);
  const type = { dtype: "float32", shape: ["N", 3, 8, 8] } as const;
  const nodes = [{ opType: "Relu", name: evil, input: [`in${evil}`], output: [evil] }];
  await writeFile(`${net}.onnx`, modelFrom({ nodes, inputs: { [`in${evil}`]: type }, outputs: { [evil]: type } }));
  await writeFile(`${net}.backbone.json`, JSON.stringify({ name: evil, licence: evil, source: evil, layer: evil }));
  const log = await openPredictionLog(join(cwd, "log.db"));
  const row = prediction(1, { requestId: evil, label: wildLabels[0]!, version: evil });
  await log.append([row, { ...row, rowId: "2", requestId: "two" }]);
  await log.addFeedback([{ feedbackId: "1", requestId: "two", position: 0, label: labels[0]!, timeMs: 1 }]);
  await log.close();
  const kept = openKeptPictures(openFolderStore(join(cwd, `kept${evil}`)));
  for (const requestId of [evil, "two"])
    await kept.keep({ ...row, requestId }, await drawSamplePicture({ label: "cat", seed: 1, sizePx: 16 }));
  await mkdir(join(cwd, `results${evil}`));
  await writeFile(join(cwd, `results${evil}`, "sweep.yaml"), `${JSON.stringify({ [evil]: evil })}\n`);
  const { exitCode, err } = await run(["train", "--data", data, "--out", model, ...fast]);
  if (exitCode !== 0) throw new Error(err);
}, 60_000);

/** What each command is fed with: names in every place that takes one, right and wrong. */
const lines: Readonly<Record<string, readonly (readonly string[])[]>> = {
  quickstart: [["--data", `no${evil}`]],
  train: [
    ["--data", data, "--out", model],
    ["--data", data, "--out", `again${evil}.onnx`, "--report", `page${evil}.html`, ...fast],
    ["--data", `no${evil}`],
    ["--data", data, "--architecture", evil],
    ["--data", data, "--strict", "--out", `strict${evil}.onnx`],
  ],
  "find-rate": [["--data", data, "--size", "8", "--widths", "8", "--steps", "20", "--out", `rate${evil}.svg`]],
  sweep: [[`no${evil}`], [`sweep${evil}.yaml`, "--out", `sweep${evil}`, "--parallel", "1"]],
  "sweep render": [
    [`sweep${evil}.yaml`, "--image", "train:1", "--data", evil, "--out", "s3://pets/sweeps", "--to", `job${evil}.yaml`],
    ["fine.yaml", "--image", "train:1", "--data", evil, "--out", `s3://pets/${evil}`],
    ["fine.yaml", "--image", evil, "--data", evil, "--out", evil],
  ],
  "sweep collect": [[`no${evil}`], [`s3://${evil}`], [`results${evil}`]],
  "monitor reference": [
    [model, "--data", data, "--out", `reference${evil}.onnx`],
    [`no${evil}`, "--data", data, "--out", "x.onnx"],
    [model, "--data", `no${evil}`, "--out", "x.onnx"],
  ],
  "monitor label": [
    [`no${evil}`, "--prediction-log", "log.db"],
    [`labels${evil}.csv`, "--prediction-log", `no${evil}`],
    [`labels${evil}.csv`, "--prediction-log", "log.db"],
    [`labels${evil}.csv`, "--prediction-log", "log.db", "--skip-invalid"],
  ],
  "monitor export": [
    ["--prediction-log", `no${evil}`, "--keep-pictures", data, "--out", "x"],
    ["--prediction-log", "log.db", "--keep-pictures", `no${evil}`, "--out", "x"],
    ["--prediction-log", "log.db", "--keep-pictures", `kept${evil}`, "--out", `served${evil}`],
    ["--prediction-log", "log.db", "--keep-pictures", `kept${evil}`, "--out", `served${evil}`, "--since", evil],
  ],
  "monitor report": [
    ["--prediction-log", `no${evil}`],
    ["--prediction-log", "log.db", "--reference", `no${evil}`, "--out", `page${evil}.html`],
    ["--prediction-log", "log.db", "--since", evil],
    ["--prediction-log", "log.db", "--window", evil],
    ["--prediction-log", "log.db", "--model-version", evil],
  ],
  "monitor watch": [
    ["--prediction-log", "log.db", "--every", evil],
    ["--prediction-log", "log.db", "--webhook", `http://${evil}`],
  ],
  "monitor forget": [
    [evil, "--keep-pictures", data],
    [evil, "--prediction-log", `no${evil}`],
    [evil, "--keep-pictures", `s3://${evil}`],
  ],
  "backbone list": [
    ["--to", `no${evil}`],
    ["--to", `backbones${evil}`],
  ],
  "backbone fetch": [
    [evil],
    [`http://${evil}`],
    ["mobilenet-v2-1.0-224", "--to", `to${evil}`],
    ["mobilenetv2-12", "--layer", evil],
  ],
  "backbone inspect": [
    [model],
    [`no${evil}`],
    [model, "--layer", evil],
    [`backbones${evil}/net${evil}.onnx`],
    [`backbones${evil}/net${evil}.onnx`, "--all"],
  ],
  "data fetch": [[evil]],
  "data import": [
    [data, "--to", `copy${evil}`],
    [data, "--to", `copy${evil}`],
    [`no${evil}`, "--to", "x"],
  ],
  "data check": [[data], [data, "--kinds", evil], [data, "--report", `check${evil}.html`], [`copy${evil}`, "--fix"]],
  "data stats": [[data]],
  "data restore": [[`no${evil}`]],
  "data init": [["--no-scm"]],
  "data add": [[`no${evil}`], [data], [`../${evil}`]],
  "data status": [[], [`no${evil}`], [evil, "--glob"]],
  "data commit": [[`no${evil}`], []],
  "data checkout": [[`no${evil}`], []],
  "data remove": [[`no${evil}`], [`${data}.dvc`]],
  "data remote add": [
    [evil, `folder${evil}`],
    ["x", "s3://pets", "--set", evil],
    ["x", evil, "--set", `key=${evil}`, "--local"],
  ],
  "data remote list": [[]],
  "data remote remove": [[evil]],
  "data remote default": [[evil]],
  dag: [[], [evil], ["--svg", `dag${evil}.svg`, "--force"], ["--mermaid"], ["--dot"]],
  "metrics show": [[], [evil]],
  "metrics diff": [[evil], [evil, evil]],
  "params show": [[], [evil]],
  "params diff": [[evil], [evil, evil, "--md"]],
  "plots show": [[evil], ["--out", `plots${evil}`, "--force"]],
  "plots diff": [[evil]],
  "data preview": [[data, "--out", `sheet${evil}.png`, "--size", "8"]],
  "data pack": [
    [data, "--to", `pack${evil}`, "--size", "8"],
    [`copy${evil}`, "--to", `pack${evil}`, "--size", "8"],
  ],
  "data push": [[`no${evil}`], ["--remote", evil]],
  "data pull": [[`no${evil}`], ["--remote", evil]],
  "data gc": [
    ["--workspace", "--remote", evil],
    ["--workspace", "--projects", evil],
  ],
  "data import-url": [[`no${evil}`], [`http://${evil}`, evil], [`remote://${evil}/x`], [`s3://${evil}`]],
  "data diff": [[evil], [evil, evil], ["--targets", evil]],
  evaluate: [
    [model, "--data", data],
    [model, "--data", data, "--against", model, "--csv", `rows${evil}.csv`, "--force"],
    [model, "--data", `no${evil}`],
  ],
  quantize: [
    [model, "--data", data, "--out", `int8${evil}.onnx`, "--even-if-worse", "--pictures", "4"],
    [`no${evil}`, "--data", data, "--out", "x.onnx"],
    [model, "--data", `no${evil}`, "--out", "x.onnx"],
  ],
  predict: [
    [wild, data],
    [wild, data, "--csv"],
    [wild, data, "--json-lines"],
    [model, `no${evil}`],
  ],
  batch: [
    [data, "--model", wild, "--out", `rows${evil}.csv`],
    [data, "--model", wild, "--out", `rows${evil}.csv`],
    [`no${evil}`, "--model", wild, "--out", "rows.jsonl"],
    [data, "--model", wild, "--out", `rows.${evil}`, "--shard", evil],
  ],
  explain: [
    [wild, data, "--out", `maps${evil}`],
    [wild, data, "--class", evil],
  ],
  serve: [[`no${evil}`], [model, "--port", evil]],
  health: [[`http://${evil}`], [evil]],
  smoke: [[`http://${evil}`]],
  "keys create": [[`ann${evil}`, "--file", `keys${evil}.json`]],
  "keys list": [
    ["--file", `keys${evil}.json`],
    ["--file", `no${evil}.json`],
  ],
  "keys revoke": [[evil, "--file", `keys${evil}.json`]],
  "runs list": [["--experiment", `no${evil}`], [], ["--sort", evil, "--metric", evil]],
  "runs show": [[`no${evil}`], ["last", "--chart", `curves${evil}.svg`]],
  "runs search": [[evil], [`tags.a = "${evil}"`], [`attributes.run_name != "${evil}"`, "--order-by", evil]],
  "runs compare": [
    ["last", `no${evil}`],
    ["last", "last"],
  ],
  "runs export": [
    [`no${evil}`, "--csv", "x.csv"],
    ["last", "--out", data],
    ["last", "--csv", `runs${evil}.csv`, "--force"],
  ],
  "runs push": [
    ["--to", `pushed${evil}`],
    [`no${evil}`, "--to", `pushed${evil}`],
    ["--from", `no${evil}`, "--to", `pushed${evil}`, "--models"],
    ["--to", `http://${evil}`],
  ],
  "runs watch": [[`no${evil}`], ["last"]],
  "runs delete": [["last"], [`no${evil}`]],
  "runs restore": [[`no${evil}`]],
  inspect: [[model], [wild], [`no${evil}`]],
  "models promote": [
    [evil, "1"],
    [evil, evil, "--to", evil, "--reason", evil],
  ],
  "models rollback": [[evil], [evil, "--alias", evil]],
  "models history": [[evil], [evil, "--alias", evil]],
  "models lineage": [[model], [model, "--mermaid"], [`${evil}@${evil}`], [`no${evil}`]],
  trace: [[`http://${evil}`], [evil]],
  "models register": [
    ["pets", wild, "--description", evil, "--tag", `k=${evil}`],
    [`pets${evil}`, wild],
    ["pets", `models:/${evil}@${evil}`],
  ],
  "models describe": [
    ["pets", "--description", evil],
    ["pets", evil, "--description", evil],
  ],
  "models tag": [
    ["pets", "1", `k=${evil}`],
    ["pets", evil, evil],
  ],
  "models show": [["pets"], [evil]],
  "models list": [[], ["--tracking-uri", `no${evil}`]],
  "models card": [[evil], [`${evil}@${evil}`], ["pets"], [wild, "--out", `card${evil}.md`]],
  "data samples": [["--to", `drawn${evil}`, "--per-class", "1", "--size", "16"]],
  repro: [[evil], [`dvc.yaml:${evil}`, "--dry"]],
  errors: [[evil]],
  version: [[]],
  init: [[evil], ["hostile", "--pawprint", evil], ["hostile", "--update"]],
};

describe("hostile names", () => {
  it("are tried with every command", () => {
    expect(Object.keys(lines).sort()).toEqual(commands.map(({ name }) => name).sort());
  });

  describe.each(Object.entries(lines))("given to %s", (name, given) => {
    it("reach the terminal as escapes, and stay within their lines", async () => {
      let shown = "";
      const tried = [
        ...given.flatMap((argv) => [argv, [...argv, "--json"]]),
        ...[["--verbose"], [evil], [`--${evil}`]].map((flags) => [...given.at(-1)!, ...flags]),
      ];
      for (const argv of tried) {
        const { out, err } = await run([...name.split(" "), ...argv]);
        expectSafe(out, argv.includes("--csv"));
        expectSafe(err);
        shown += out + err;
      }
      // The names were there.
      expect(shown).toContain("FORGED");
    }, 120_000);
  });

  it("are the same in JSON as they were given", async () => {
    const { out } = await run(["predict", wild, join(data, labels[0]!), "--json", "--top", "1"]);
    const { results } = JSON.parse(out) as { results: { file: string; label?: string }[] };
    expect(results.map(({ file }) => file)).toContain(join(data, labels[0]!, `one${evil}.png`));
    expect(wildLabels).toContain(results[0]!.label);
  });

  it("stay as they are in CSV that goes to a file or a pipe", async () => {
    const file = join(data, labels[0]!, `one${evil}.png`);
    const { out } = await run(["predict", model, file, "--csv"], false);
    expect(out).toContain(`"${file}"`);
  });

  it("are no commands", async () => {
    const { err } = await run([evil]);
    expectSafe(err);
    await mkdir(join(cwd, "empty"));
    expectSafe((await run(["data", evil])).err);
  });
});
