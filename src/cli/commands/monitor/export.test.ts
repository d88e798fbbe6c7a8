import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { prediction } from "../../../../tests/contracts/prediction-log.ts";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import type { ReferenceProfile } from "../../../bundle/reference-profile.ts";
import { openSource } from "../../../dataset/sources/open-source.ts";
import { pictureStatisticsVersion } from "../../../image/picture-statistics.ts";
import { drawSamplePicture } from "../../../image/sample-pictures.ts";
import { openKeptPictures } from "../../../prediction-log/kept-pictures.ts";
import { openPredictionLog } from "../../../prediction-log/open-prediction-log.ts";
import { statisticsToRow } from "../../../prediction-log/statistics-row.ts";
import { openFolderStore } from "../../../storage/folder-store.ts";
import { runCommand } from "../../frame/run-command.ts";

const noon = Date.UTC(2026, 10, 29, 12);
/** A path, a device of Windows, a split, a formula. */
const hostileId = "../../=x";
const labels = ["cat", "dog", "con", "train", "a, b", "=sum"];
let cwd = "";

async function run(...line: readonly string[]) {
  const { context, out, err, logged } = captureContext({ cwd, now: () => noon + 60_000 });
  const exitCode = await runCommand(["monitor", ...line], context);
  return { exitCode, out: out(), err: err(), warnings: logged.map(({ message }) => message) };
}
const places = ["--prediction-log", "log.db", "--keep-pictures", "pictures"];

/** Its brightnesses are those of 0 to 99. */
function drawnReference(): ReferenceProfile {
  const of = <T>(value: (at: number) => T) => Array.from({ length: 100 }, (_, at) => value(at));
  const sample = { answers: of(() => 0), targets: of(() => 0), confidences: of(() => 0.9) };
  return {
    ...{ version: 1, statisticsVersion: pictureStatisticsVersion, split: "test", count: 100, accuracy: 1 },
    ...{ meanConfidence: 0.9, expectedCalibrationError: 0.1, answerCounts: [100, 0, 0, 0, 0, 0] },
    sample: { ...sample, statistics: { brightness: of((at) => at) } },
  };
}

/** Predictions by their ids: what was answered, how surely, what it is, and the picture's brightness. */
const rows: Readonly<
  Record<string, readonly [label: string, confidence: number, truth?: string | undefined, brightness?: number]>
> = {
  right: ["cat", 0.9, "cat"],
  wrong: ["cat", 0.8, "dog"],
  split: ["cat", 0.9, "train"],
  device: ["con", 0.9, "con"],
  formula: ["=sum", 0.9, "=sum"],
  comma: ["a, b", 0.9, "a, b"],
  [hostileId]: ["dog", 0.51],
  sure: ["dog", 0.99, undefined, 50],
  bright: ["dog", 0.7, undefined, 250],
  dark: ["dog", 0.6, undefined, 5],
  darker: ["dog", 0.6, undefined, -60],
};

beforeEach(async () => {
  cwd = temporaryFolder("export");
  const log = await openPredictionLog(join(cwd, "log.db"));
  const pictures = openKeptPictures(openFolderStore(join(cwd, "pictures")));
  await log.describeModel({ model: "pets", version: "1f2e", labels, reference: drawnReference(), timeMs: 1 });
  for (const [at, [requestId, [label, confidence, truth, brightness]]] of Object.entries(rows).entries()) {
    const row = prediction(at, { requestId, label, confidence: Math.fround(confidence), timeMs: noon + at });
    const statistics = brightness === undefined ? {} : { statistics: statisticsToRow({ brightness }) };
    await log.append([
      { ...row, ...statistics },
      { ...row, rowId: `beside-${at}`, role: "challenger", version: "new", label: "cat", confidence: 0.2 },
      prediction(at, {
        rowId: `lost-${at}`,
        requestId: `lost ${requestId}`,
        label,
        confidence: 0.5,
        timeMs: noon + at,
      }),
    ]);
    if (truth !== undefined) {
      await log.addFeedback([{ feedbackId: `${at}`, requestId, position: 0, label: truth, timeMs: noon }]);
    }
    const bytes = await drawSamplePicture({ label: "cat", seed: at, sizePx: 24 });
    await pictures.keep({ requestId, position: 0, timeMs: noon + at }, bytes);
  }
  await log.close();
  await pictures.close();
});

/** What a training reads there: labels by the pictures' bytes, in their order. */
async function labelsIn(location: string) {
  const source = await openSource(join(cwd, location));
  const found: Record<string, string> = {};
  for await (const sample of source.samples()) {
    if (!("bytes" in sample)) throw new Error("no file");
    await sample.bytes();
    found[sample.id] = sample.label;
  }
  await source.close();
  return { found, skipped: source.skipped };
}

const idsOf = async (folder: string) => {
  const lines = readFileSync(join(cwd, folder, "predictions.csv"), "utf8")
    .trim()
    .split("\r\n")
    .slice(1);
  return lines.map(
    (line) => Object.keys(rows).findLast((id) => line.includes(`,${id},`) || line.includes(`,'${id},`))!,
  );
};

describe("pawprint monitor export", () => {
  it("writes labelled pictures as a dataset whose labels a training reads, whatever their names", async () => {
    const { exitCode, out, warnings } = await run("export", ...places, "--out", "set", "--only", "labelled");
    expect(exitCode).toBe(0);
    expect(out).toContain("Exported  6 labelled pictures and 0 to be labelled, into set");
    expect(out).toContain("Next: pawprint data check set/predictions.csv");
    expect(warnings).toEqual([]);
    const { found, skipped } = await labelsIn("set/predictions.csv");
    expect(skipped).toEqual([]);
    expect(Object.values(found).sort()).toEqual(["=sum", "a, b", "cat", "con", "dog", "train"]);
    expect(found["labelled/dog/wrong-0.jpg"]).toBe("dog");
    const picture = readFileSync(join(cwd, "set/labelled/dog/wrong-0.jpg"));
    expect(picture.equals(await drawSamplePicture({ label: "cat", seed: 1, sizePx: 24 }))).toBe(true);
    const folders = readdirSync(join(cwd, "set/labelled")).sort();
    expect(folders).not.toContain("con");
    expect(folders).not.toContain("train");
    expect(Object.values((await labelsIn("set/labelled")).found)).toHaveLength(6);
    expect(readdirSync(cwd).filter((name) => name.startsWith(".pawprint"))).toEqual([]);
  });

  it("gives labels that were filled in back to the log, and to a training", async () => {
    const { out, warnings } = await run("export", ...places, "--out", "set");
    expect(out).toContain("6 labelled pictures and 5 to be labelled");
    expect(out).toContain("fill in the column label of set/predictions.csv, then pawprint monitor label");
    expect(warnings).toEqual(["the pictures of 11 more predictions were not kept"]);
    const manifest = join(cwd, "set/predictions.csv");
    writeFileSync(manifest, readFileSync(manifest, "utf8").replaceAll(/^(to-label\/[^,]*),,/gm, "$1,dog,"));
    const label = await run("label", "set/predictions.csv", "--prediction-log", "log.db");
    expect(label.out).toBe("5 labels added, 6 unchanged\n");
    expect(Object.values((await labelsIn("set/predictions.csv")).found).filter((one) => one === "dog")).toHaveLength(6);
  });

  it("chooses by what is uncertain, drifts or was wrong, in that order, and only what is not labelled yet", async () => {
    const choose = async (only: string, ...more: readonly string[]) => {
      const { exitCode, err } = await run("export", ...places, "--out", `set-${only}`, "--only", only, ...more);
      expect([exitCode, err]).toEqual([0, ""]);
      return idsOf(`set-${only}`);
    };
    expect(await choose("uncertain", "--limit", "3")).toEqual([hostileId, "dark", "darker"]);
    expect(await choose("drifting")).toEqual(["bright", "darker"]);
    expect(readFileSync(join(cwd, "set-drifting/predictions.csv"), "utf8")).toContain(
      '"brightness 250, usually 5.00 to 95.0"',
    );
    expect(await choose("wrong")).toEqual(["split", "wrong"]);
  });

  it("says what predictions the pictures are of", async () => {
    await run("export", ...places, "--out", "set", "--model-version", "new", "--since", "1d", "--limit", "4");
    const lineage = JSON.parse(readFileSync(join(cwd, "set/lineage.json"), "utf8"));
    expect(lineage).toMatchObject({
      version: 1,
      log: join(cwd, "log.db"),
      chosen: { only: "all", limit: 4, since: "2026-11-28T12:01:00.000Z", until: null, version: "new" },
      models: [{ model: "pets", version: "new", pictures: 4 }],
      ...{ matching: 11, notKept: 0, unlabelled: 4, labelled: 0 },
    });
    expect(readFileSync(join(cwd, "set/predictions.csv"), "utf8")).toContain(",pets,new,cat,0.200000,kept");
  });

  it("overwrites nothing, and leaves nothing behind where there is nothing to write", async () => {
    mkdirSync(join(cwd, "taken"));
    writeFileSync(join(cwd, "taken", "x"), "");
    expect((await run("export", ...places, "--out", "taken")).err).toContain("FILE_EXISTS");
    const before = readdirSync(cwd).sort();
    const { exitCode, err } = await run("export", ...places, "--out", "set", "--until", "2026-11-29T11:00");
    expect([exitCode, err]).toEqual([1, expect.stringContaining("0 such predictions, 0 of them with a picture")]);
    expect(readdirSync(cwd).sort()).toEqual(before);
    expect(
      (await run("export", ...places, "--out", "set", "--only", "drifting", "--model-version", "new")).err,
    ).toContain("5 of versions without a reference");
    expect((await run("export", ...places.slice(0, 2), "--out", "set")).err).toContain("got no pictures");
    expect(existsSync(join(cwd, "set"))).toBe(false);
  });

  it("passes over a kept file that is no picture", async () => {
    const pictures = openKeptPictures(openFolderStore(join(cwd, "pictures")));
    await pictures.keep({ requestId: "wrong", position: 0, timeMs: noon }, Buffer.from("no picture"));
    const { exitCode, warnings } = await run("export", ...places, "--out", "set", "--only", "labelled");
    expect([exitCode, warnings]).toEqual([0, ["1 kept picture could not be read"]]);
    expect(existsSync(join(cwd, "set/labelled/dog"))).toBe(false);
    expect(Object.values((await labelsIn("set/predictions.csv")).found)).toHaveLength(5);
  });
});
