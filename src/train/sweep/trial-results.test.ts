import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { AppError } from "../../base/errors.ts";
import { openFolderStore } from "../../storage/folder-store.ts";
import type { ObjectStore } from "../../storage/object-store.ts";
import { parseSweep } from "./sweep-config.ts";
import type { TrialConfig } from "./trial.ts";
import { collectTrials, leaveTrial } from "./trial-results.ts";

const text = "data: pictures\ntrials: 4\nepochs: 2\nsearch: { learningRate: { uniform: [0.001, 0.1] } }\n";

let root = "";
let store: ObjectStore;
beforeEach(() => {
  root = temporaryFolder("left");
  store = openFolderStore(root);
});

/** A trial is as good as its learning rate is high. */
async function train({ drawn, trial }: TrialConfig, folder: string) {
  await writeFile(join(folder, "model.onnx"), `bundle ${trial}`);
  const validationAccuracy = Number(drawn.learningRate);
  return { validationAccuracy, validationLoss: 1, bestEpoch: 1, durationMs: 5 };
}

function leave(trial: number, runTrial = train, file = text) {
  return leaveTrial({
    store,
    text: file,
    sweep: parseSweep(file, "a.yaml"),
    trial,
    folder: temporaryFolder(),
    runTrial,
  });
}

const fails = (code: "TRAIN_DIVERGED" | "TRAIN_OUT_OF_MEMORY") => (): Promise<never> => {
  throw new AppError(code, { required: "a training that ends well" });
};
const name = (trial: number): string => `trial-00${trial}-epochs-2`;
const codeOf = (promise: Promise<unknown>) => promise.then(() => undefined).catch(({ code }: AppError) => code);

describe("what a trial leaves", () => {
  it("is its result and a bundle that is named for its content", async () => {
    const { result, bundle } = await leave(1);
    expect(await readdir(root)).toEqual(["sweep.yaml", name(1)]);
    expect(await readdir(join(root, name(1)))).toEqual([bundle!.key.split("/")[1], "result.json"]);
    expect(JSON.parse(await readFile(join(root, name(1), "result.json"), "utf8"))).toEqual({ ...result, bundle });
    expect(await readFile(join(root, bundle!.key), "utf8")).toBe("bundle 1");
  });

  it("is kept when the trial is asked for again, also where it diverged", async () => {
    const first = await leave(0);
    expect(await leave(0, fails("TRAIN_OUT_OF_MEMORY"))).toEqual({ ...first, isReused: true });
    await leave(1, fails("TRAIN_DIVERGED"));
    expect(await leave(1)).toMatchObject({ result: { error: { code: "TRAIN_DIVERGED" } }, isReused: true });
  });

  it("is replaced where another attempt may end better", async () => {
    expect((await leave(0, fails("TRAIN_OUT_OF_MEMORY"))).result.error?.code).toBe("TRAIN_OUT_OF_MEMORY");
    expect((await leave(0)).result.error).toBeUndefined();
  });

  it("is nothing where the work is interrupted", async () => {
    const aborted = AbortSignal.abort();
    const options = { store, text, sweep: parseSweep(text, "a.yaml"), folder: temporaryFolder(), signal: aborted };
    expect(await codeOf(leaveTrial({ ...options, trial: 0, runTrial: train }))).toBe("INTERRUPTED");
    expect(await readdir(root)).toEqual([]);
  });

  it("does not mix with another sweep, whose file differs in more than comments", async () => {
    await leave(0);
    await leave(1, train, `# again\n${text}`);
    await expect(leave(2, train, text.replace("0.1]", "0.2]"))).rejects.toThrow(
      /^Expected an address with results of this sweep, or with none; got results of another sweep/,
    );
  });

  it("is of a trial that the sweep has, and that needs no other", async () => {
    await expect(leave(4)).rejects.toThrow("Expected a trial from 0 to 3, those of the sweep; got 4");
    await expect(leave(0, train, `method: halving\n${text}`)).rejects.toThrow(
      "Expected method random, whose trials need no results of others, for trials in pods of their own; got halving, which",
    );
  });
});

describe("collected trials", () => {
  it("are ranked, those that failed last, with the numbers of those that are missing", async () => {
    await leave(0);
    await leave(1, fails("TRAIN_DIVERGED"));
    await leave(3);
    const { trials, missing } = await collectTrials(store);
    const accuracies = trials.map(({ result }) => (result.error ? result.error.code : result.validationAccuracy));
    expect(accuracies.slice(0, 2)).toEqual([...accuracies.slice(0, 2)].sort().toReversed());
    expect(accuracies[2]).toBe("TRAIN_DIVERGED");
    expect(missing).toEqual([2]);
  });

  it("are none where no pod began", async () => {
    expect(await codeOf(collectTrials(store))).toBe("FILE_NOT_FOUND");
  });

  const change = (edit: (result: Record<string, unknown>) => unknown) => async (): Promise<void> => {
    const path = join(root, name(0), "result.json");
    await writeFile(path, JSON.stringify(edit(JSON.parse(await readFile(path, "utf8")))));
  };
  const cases: Readonly<Record<string, readonly [() => Promise<void>, string]>> = {
    "that is torn": [() => writeFile(join(root, name(0), "result.json"), '{"trial": 0'), "other text"],
    "that is empty": [() => writeFile(join(root, name(0), "result.json"), ""), "other text"],
    "that is no object": [change(() => 7), "7 in place of"],
    "that is very large": [change((result) => ({ ...result, note: "x".repeat(2 ** 20) })), "more than 1048576 bytes"],
    "without figures": [
      change(({ validationAccuracy: _, ...rest }) => rest),
      "nothing in place of a number from 0 to 1 for validationAccuracy",
    ],
    "with a code that steers a terminal": [
      change(({ bundle: _, ...rest }) => ({ ...rest, error: { code: "\u001b[2J", message: "" } })),
      "error.code",
    ],
    "of other settings": [change((result) => ({ ...result, settings: { size: 8 } })), "settings that this sweep"],
    "of another trial": [change((result) => ({ ...result, trial: 1 })), "settings that this sweep"],
    "with a bundle elsewhere": [
      change((result) => ({ ...result, bundle: { ...(result.bundle as object), key: "../../model.onnx" } })),
      "a bundle of another name",
    ],
    "whose bundle is gone": [
      async () => {
        const [bundle] = await readdir(join(root, name(0)));
        await rm(join(root, name(0), bundle!));
      },
      "no bundle in place of trial-000-epochs-2/model-",
    ],
  };
  it.each(Object.entries(cases))("are refused with one %s, which is named", async (_title, [damage, received]) => {
    await leave(0);
    await damage();
    const error: AppError = await collectTrials(store).catch((failure) => failure);
    expect(error.code).toBe("TRIAL_RESULT_INVALID");
    expect(error.where).toBe(join(root, name(0), "result.json"));
    expect(error.received).toContain(received);
  });

  it("are refused beside a result of a trial that the sweep does not have", async () => {
    await leave(0);
    await mkdir(join(root, "trial-009-epochs-2"));
    await writeFile(join(root, "trial-009-epochs-2", "result.json"), "{}");
    const error: AppError = await collectTrials(store).catch((failure) => failure);
    expect(error).toMatchObject({ code: "TRIAL_RESULT_INVALID", received: "the name of no trial of it" });
    expect(error.where).toContain("trial-009");
  });
});
