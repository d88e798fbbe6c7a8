import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { openKeptPictures } from "../../../prediction-log/kept-pictures.ts";
import { openPredictionLog } from "../../../prediction-log/open-prediction-log.ts";
import { openFolderStore } from "../../../storage/folder-store.ts";
import { runCommand } from "../../frame/run-command.ts";

const noon = Date.UTC(2026, 10, 29, 12);
let cwd = "";

async function run(...line: readonly string[]) {
  const { context, out, err } = captureContext({ cwd });
  return { exitCode: await runCommand(["monitor", "forget", ...line], context), out: out(), err: err() };
}

const withLog = <T>(use: (log: Awaited<ReturnType<typeof openPredictionLog>>) => Promise<T>): Promise<T> =>
  openPredictionLog(join(cwd, "log.db")).then((log) => use(log).finally(() => log.close()));
const pictures = () => openKeptPictures(openFolderStore(join(cwd, "pictures")));

beforeEach(async () => {
  cwd = temporaryFolder("forget");
  const prediction = (requestId: string, position: number) => ({
    rowId: `${requestId} ${position}`,
    requestId,
    position,
    timeMs: noon,
    model: "m",
    version: "1",
    role: "champion",
    label: "cat",
    confidence: 0.9,
    probabilities: Float32Array.of(0.9, 0.1),
    latencyMs: 1,
  });
  const feedback = { feedbackId: "1", requestId: "../../x", position: 0, label: "dog", timeMs: noon };
  await withLog(async (log) => {
    await log.append([prediction("../../x", 0), prediction("../../x", 1), prediction("other", 0)]);
    await log.addFeedback([feedback, { ...feedback, feedbackId: "2", label: "cat" }]);
  });
  for (const requestId of ["../../x", "other"]) {
    await pictures().keep({ requestId, position: 0, timeMs: noon }, Buffer.from("picture"));
  }
});
const both = ["--prediction-log", "log.db", "--keep-pictures", "pictures"];

describe("pawprint monitor forget", () => {
  it("removes all of a request and nothing else, and says what it removed", async () => {
    expect(await run("../../x", ...both)).toEqual({
      exitCode: 0,
      out: "removed of request ../../x: 2 predictions, 2 of feedback, 1 picture\n",
      err: "",
    });
    await withLog(async (log) => {
      expect(await log.find("../../x")).toEqual([]);
      expect(await log.feedbackFor("../../x")).toEqual([]);
      expect(await log.find("other")).toHaveLength(1);
    });
    expect(await pictures().read({ requestId: "../../x", position: 0, timeMs: noon })).toBeUndefined();
    expect(await pictures().read({ requestId: "other", position: 0, timeMs: noon })).toBeDefined();
    expect((await run("../../x", ...both)).out).toBe("nothing of request ../../x is kept there\n");
  });

  it("gives a program the numbers of the places that it looked at", async () => {
    const { out } = await run("../../x", "--keep-pictures", "pictures", "--json");
    expect(JSON.parse(out)).toEqual({ requestId: "../../x", pictures: 1 });
    const { out: ofLog } = await run("other", "--prediction-log", "log.db", "--json");
    expect(JSON.parse(ofLog)).toEqual({ requestId: "other", predictions: 1, feedback: 0 });
  });

  it("takes no mistake in a place's name for a place that is empty", async () => {
    expect((await run("x", "--prediction-log", "lgo.db")).err).toContain("FILE_NOT_FOUND");
    expect(existsSync(join(cwd, "lgo.db"))).toBe(false);
    expect((await run("x", "--keep-pictures", "pics")).err).toContain("FILE_NOT_FOUND");
    const { exitCode, err } = await run("x");
    expect([exitCode, err]).toEqual([2, expect.stringContaining("by --keep-pictures, or both; got neither")]);
  });
});
