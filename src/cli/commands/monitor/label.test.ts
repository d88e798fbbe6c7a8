import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { prediction } from "../../../../tests/contracts/prediction-log.ts";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { openPredictionLog } from "../../../prediction-log/open-prediction-log.ts";
import { runCommand } from "../../frame/run-command.ts";

let cwd = "";

/** Writes `lines` as the file, and labels by it. */
async function label(lines: readonly string[], ...flags: readonly string[]) {
  writeFileSync(join(cwd, "labels.csv"), `${lines.join("\n")}\n`);
  const { context, out, err, logged } = captureContext({ cwd });
  const argv = ["monitor", "label", "labels.csv", "--prediction-log", "log.db", ...flags];
  const exitCode = await runCommand(argv, context);
  return { exitCode, out: out(), err: err(), warnings: logged.map(({ message }) => message) };
}

const withLog = <T>(use: (log: Awaited<ReturnType<typeof openPredictionLog>>) => Promise<T>): Promise<T> =>
  openPredictionLog(join(cwd, "log.db")).then((log) => use(log).finally(() => log.close()));

/** The true labels in the log, by request and position. */
async function trueLabels(): Promise<Readonly<Record<string, string | undefined>>> {
  return withLog(async (log) => {
    const labels: Record<string, string | undefined> = {};
    for await (const { requestId, position, trueLabel } of log.read()) labels[`${requestId} ${position}`] = trueLabel;
    return labels;
  });
}

beforeEach(async () => {
  cwd = temporaryFolder("label");
  await withLog(async (log) => {
    await log.append([
      prediction(0, { requestId: "a", label: "cat" }),
      prediction(1, { requestId: "a", position: 1, label: "dog" }),
      prediction(2, { requestId: "b", label: "cat" }),
      prediction(3, { requestId: "b", label: "ox", version: "beside", role: "challenger" }),
      prediction(4, { requestId: "=cmd", label: "ox", version: "two" }),
    ]);
    await log.describeModel({ model: "pets", version: "1f2e", labels: ["cat", "dog", "a, b"], timeMs: 1 });
    await log.describeModel({ model: "pets", version: "two", labels: ["ox", "cow"], timeMs: 2 });
  });
});

describe("pawprint monitor label", () => {
  it("takes columns by their names in any order, and adds nothing the second time", async () => {
    const lines = ["note;Label;position;Request ID", "x;dog;1;a", ";cat;0;a", "", ";a, b;;b", ";cow;0;'=cmd", ";;;b"];
    expect(await label(lines)).toMatchObject({ exitCode: 0, out: "4 labels added, 1 line without a label\n" });
    expect(await trueLabels()).toEqual({ "a 0": "cat", "a 1": "dog", "b 0": "a, b", "=cmd 0": "cow" });
    const { out } = await label(lines, "--json");
    const none = { repeated: 0, invalid: 0, faults: [] };
    expect(JSON.parse(out)).toEqual({ lines: 5, added: 0, unchanged: 4, empty: 1, ...none });
    expect(await withLog((log) => log.feedbackFor("a"))).toHaveLength(2);
  });

  it("keeps the history, and has the last word whatever the clock said before", async () => {
    const future = Date.now() + 1e9;
    const said = { feedbackId: "1", requestId: "a", position: 0, label: "dog", timeMs: future };
    await withLog((log) => log.addFeedback([said]));
    expect((await label(["request_id,label", "a,cat"])).out).toBe("1 label added\n");
    expect((await trueLabels())["a 0"]).toBe("cat");
    expect(await withLog((log) => log.feedbackFor("a"))).toMatchObject([said, { label: "cat", timeMs: future + 1 }]);
  });

  const faulty = [
    "request_id,label,position",
    "b,dog,0",
    "a,cat,0",
    "nobody,cat,0",
    "a,cow,1",
    "=cmd,cat,0",
    "a,dog",
    "a,dog,-1",
    ",dog,0",
    "b,dog,0",
    "a,dog,0",
    'a,"dog,0',
  ];

  it("names each line that cannot be used, and writes nothing then", async () => {
    const { exitCode, err } = await label(faulty);
    expect(exitCode).toBe(1);
    for (const text of [
      "LABELS_INVALID",
      "9 faulty lines: line 3: label 'cat' for request 'a', picture 0, but 'dog' in line 11;",
      "line 4: no prediction of request 'nobody', picture 0, in the log;",
      "line 5: label 'cow', which is none of version '1f2e': 'cat', 'dog', 'a, b';",
      "line 6: label 'cat', which is none of version 'two': 'ox', 'cow';",
      "line 7: 2 fields instead of 3 as in the header;",
      "line 8: '-1' as position instead of a number from 0;",
      "line 9: no request_id;",
      "line 11: label 'dog' for request 'a', picture 0, but 'cat' in line 3;",
      "line 12: a quote that is not closed",
      "give --skip-invalid to pass over them",
    ]) {
      expect(err.replaceAll(/\s+/g, " ")).toContain(text);
    }
    expect(Object.values(await trueLabels()).filter((label) => label !== undefined)).toEqual([]);
  });

  it("passes over them where it is told to, believing no line that another contradicts", async () => {
    const { exitCode, out, warnings } = await label(faulty, "--skip-invalid");
    expect([exitCode, out]).toEqual([0, "1 label added, 1 line repeated, 9 faulty lines passed over\n"]);
    expect(warnings).toHaveLength(9);
    expect(await trueLabels()).toEqual({ "a 0": undefined, "a 1": undefined, "b 0": "dog", "=cmd 0": undefined });
  });

  it("takes no table without its columns, no other file, and no log that is not there", async () => {
    expect((await label(["id,class", "a,cat"])).err).toContain("'id, class' (labels.csv:1)");
    expect((await label(["request_id,label,Label", "a,cat,cat"])).err).toContain("label twice (labels.csv:1)");
    expect((await label([""])).err).toContain("an empty file");
    expect((await label(["\u0000"])).err).toContain("MANIFEST_INVALID");
    expect((await label(["request_id,label"], "--prediction-log", "lgo.db")).err).toContain("FILE_NOT_FOUND");
    expect(existsSync(join(cwd, "lgo.db"))).toBe(false);
    expect((await label(["request_id,label"])).out).toBe("0 labels added\n");
    const { context, err } = captureContext({ cwd });
    expect([await runCommand(["monitor", "label", "labels.csv"], context), err()]).toEqual([
      2,
      expect.stringContaining("a prediction log by --prediction-log"),
    ]);
  });

  it("labels more than a page, also of a version that nobody described", async () => {
    const rows = Array.from({ length: 6001 }, (_, at) => prediction(at + 10, { version: "old", model: "old" }));
    await withLog((log) => log.append(rows));
    const lines = rows.map(({ requestId }, at) => `${requestId},${at % 2 === 0 ? "cat" : "dog"}`);
    expect((await label(["request_id,label", ...lines])).out).toBe("6001 labels added\n");
    const labels = await trueLabels();
    expect([labels["request-10 0"], labels["request-11 0"], labels["request-6010 0"]]).toEqual(["cat", "dog", "cat"]);
    expect((await label(["request_id,label", "request-10,horse"])).err).toContain("label 'horse'");
  });
});
