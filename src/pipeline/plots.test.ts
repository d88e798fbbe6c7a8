import { execFileSync } from "node:child_process";
import { mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { gitEnvironment } from "../../tests/support/dvc-peer.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { initRepository } from "../versioning/repo/open-repository.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { addData } from "../versioning/workspace/add.ts";
import { readPlots } from "./plots.ts";

let root = "";
let repository: Repository;
const write = (files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), text);
  }
};
const commit = (): void => {
  for (const words of [
    ["add", "--all"],
    ["commit", "-q", "-m", "one"],
  ]) {
    execFileSync("git", words, { cwd: root, env: { ...process.env, ...gitEnvironment }, stdio: "ignore" });
  }
};
/** `curve` is given as `name/curve: first y over first x`. */
const drawn = async (revision?: string): Promise<readonly string[]> =>
  (await readPlots(repository, revision)).plots.map(({ name, curve, rows: [row], x = "", y = "" }) =>
    [name, curve, `${y}=${String(row?.[y])}`, x === "" ? "" : `${x}=${String(row?.[x])}`].join(" | "),
  );

beforeEach(async () => {
  root = join(realpathSync(temporaryFolder("plots")), "repository");
  mkdirSync(root);
  execFileSync("git", ["init", "-q"], { cwd: root, env: { ...process.env, ...gitEnvironment } });
  repository = await initRepository(root);
  write({
    "train.csv": "step,loss,acc\n1,0.9,0.1\n2,0.5,0.4\n",
    "test.tsv": "step\tloss\tacc\n1\t0.8\t0.2\n",
  });
});

describe("curves of a plot", () => {
  it("are all that dvc.yaml names, of several columns and files", async () => {
    write({
      "dvc.yaml": `
plots:
- both: {x: step, y: {train.csv: [loss, acc], test.tsv: loss}}
- acc: {x: {train.csv: step, test.tsv: step}, y: {train.csv: acc, test.tsv: acc}}
- train.csv: {y: [loss, acc]}
- train.csv: {y: loss}
- other: {x: {train.csv: step}, y: {test.tsv: acc}}
`,
    });
    expect(await drawn()).toEqual([
      "both | train.csv: loss | loss=0.9 | step=1",
      "both | train.csv: acc | acc=0.1 | step=1",
      "both | test.tsv: loss | loss=0.8 | step=1",
      "acc | train.csv | acc=0.1 | step=1",
      "acc | test.tsv | acc=0.2 | step=1",
      "train.csv | loss | loss=0.9 | ",
      "train.csv | acc | acc=0.1 | ",
      "dvc.yaml::train.csv |  | loss=0.9 | ",
      "other |  | acc=0.2 | step=1",
    ]);
  });

  it("of a stage and of the section plots are both drawn", async () => {
    write({
      "sub/train.csv": "step,loss\n1,0.3\n",
      "sub/dvc.yaml": `
stages:
  train: {cmd: train, plots: [train.csv: {cache: false, x: step}]}
plots:
- train.csv: {y: step}
`,
    });
    expect(await drawn()).toEqual([
      "sub/train.csv |  | loss=0.3 | step=1",
      "sub/dvc.yaml::sub/train.csv |  | step=1 | ",
    ]);
  });

  it("come from the list of a document that has the columns", async () => {
    write({
      "rows.json": '{"notes": ["a"], "first": [{"a": 1}], "inner": {"second": [{"b": 2, "c": 3}]}}',
      "dvc.yaml": "plots:\n- rows.json: {x: b, y: c}\n",
    });
    expect(await drawn()).toEqual(["rows.json |  | c=3 | b=2"]);
  });
});

describe("a folder of plots", () => {
  it("is each of its files, from the work tree and from the cache", async () => {
    write({
      "curves/b.csv": "x,y\n1,2\n",
      "curves/deep/a.csv": "x,y\n3,4\n",
      "dvc.yaml": "plots:\n- curves: {x: x}\n- curves/b.csv: {y: x}\n",
    });
    const expected = [
      "curves/b.csv |  | y=2 | x=1",
      "curves/deep/a.csv |  | y=4 | x=3",
      "dvc.yaml::curves/b.csv |  | x=1 | ",
    ];
    expect(await drawn()).toEqual(expected);
    await addData(repository, [join(root, "curves")], {});
    commit();
    rmSync(join(root, "curves"), { recursive: true });
    expect(await drawn("HEAD")).toEqual(expected);
    expect(await drawn()).toEqual(expected);
  });
});

describe("what cannot be read", () => {
  it("is named, and the others are drawn", async () => {
    write({
      "text.json": '{"a": 1}',
      "dvc.yaml": `
plots:
- gone.csv
- train.csv: {x: constructor}
- text.json
- ../outside.csv
- test.tsv
`,
    });
    writeFileSync(join(root, "..", "outside.csv"), "a\n1\n");
    const { plots, failures } = await readPlots(repository);
    expect(plots.map(({ name }) => name)).toEqual(["test.tsv"]);
    expect(failures.map(({ name, error: { code, received } }) => [name, code, received])).toEqual([
      ["gone.csv", "FILE_NOT_FOUND", "nothing"],
      ["train.csv", "DATA_FILE_INVALID", "columns step, loss, acc"],
      ["text.json", "DATA_FILE_INVALID", "another value"],
      ["../outside.csv", "FILE_NOT_FOUND", "a path that leads out of it"],
    ]);
  });
});
