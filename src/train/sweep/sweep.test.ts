import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { interruption } from "../../base/cancel.ts";
import { AppError } from "../../base/errors.ts";
import { roundEpochs, survivors } from "./rounds.ts";
import { runSweep, trialName } from "./run-sweep.ts";
import { parseSweep, type Sweep } from "./sweep-config.ts";
import { ranked, type TrialConfig, type TrialResult, trialConfig } from "./trial.ts";

const text = `
data: pictures
trials: 9
seed: 3
epochs: 9
fixed: { size: 16 }
search:
  learningRate: { logUniform: [0.001, 0.1] }
  labelSmoothing: { uniform: [0, 0.2] }
  batchSize: { integer: [8, 10] }
  architecture: { choice: [cnn, resnet] }
`;
const sweep = parseSweep(text, "sweep.yaml");

describe("a sweep's file", () => {
  it("is read as the documentation shows it", async () => {
    const sweep = parseSweep(await readFile("docs/examples/sweep.yaml", "utf8"), "sweep.yaml");
    expect(Object.keys(sweep.search)).toContain("learningRate");
  });

  it("fills in what is not given", () => {
    expect(sweep).toMatchObject({ method: "random", eta: 3, minEpochs: 1, fixed: { size: 16 } });
    expect(sweep.search.learningRate).toEqual({ kind: "logUniform", low: 0.001, high: 0.1 });
  });

  it.each([
    ["trials: 0", "CONFIG_INVALID", "trials"],
    ["trails: 3", "CONFIG_UNKNOWN_KEY", "trails"],
    ["search: {}", "CONFIG_INVALID", "at least one setting"],
    ["search: { learningRat: { uniform: [0, 1] } }", "CONFIG_UNKNOWN_KEY", "learningRat"],
    ["search: { epochs: { integer: [1, 2] } }", "CONFIG_UNKNOWN_KEY", "does not set itself"],
    ["search: { mixup: { normal: [0, 1] } }", "CONFIG_INVALID", "one of choice, uniform, logUniform, integer"],
    ["search: { mixup: 3 }", "CONFIG_INVALID", "one of choice"],
    ["search: { mixup: { uniform: [1, 0] } }", "CONFIG_INVALID", "low below high"],
    ["search: { mixup: { logUniform: [0, 1] } }", "CONFIG_INVALID", "above 0"],
    ["search: { mixup: { uniform: [0, 99] } }", "CONFIG_INVALID", "mixup"],
    ["search: { mixup: { choice: [0, lots] } }", "CONFIG_INVALID", "mixup"],
    ["search: { mixup: { uniform: [0] } }", "CONFIG_INVALID", "two numbers"],
    ["search: { batchSize: { logUniform: [16, 256] } }", "CONFIG_INVALID", "batchSize, a whole number"],
    ["search: { batchSize: { integer: [16, 64.5] } }", "CONFIG_INVALID", "two whole numbers"],
    ["search: { seed: { integer: [0, 10000000000] } }", "CONFIG_INVALID", "2^32"],
    ["search: { channels: { integer: [1, 3] } }", "CONFIG_INVALID", "choice for channels, which is not a number"],
    ["fixed: { size: huge }", "CONFIG_INVALID", "size"],
    [
      "fixed: { mixup: 0.1 }\nsearch: { mixup: { uniform: [0, 1] } }",
      "CONFIG_INVALID",
      "mixup under either fixed or search",
    ],
    ["epochs: 2\nminEpochs: 3", "CONFIG_INVALID", "at most the 2 epochs for minEpochs"],
    ["fixed: {", "CONFIG_UNREADABLE", ""],
  ])("refuses %j", (lines, code, message) => {
    const base = lines.includes("search") ? "data: x\n" : "data: x\nsearch: { mixup: { uniform: [0, 1] } }\n";
    let thrown: unknown;
    try {
      parseSweep(`${base}${lines}\n`, "sweep.yaml");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code });
    expect(String(thrown)).toContain(message);
  });
});

describe("a trial", () => {
  it("follows from the sweep and its number alone", () => {
    expect(trialConfig(sweep, 4, 9)).toEqual(trialConfig(parseSweep(text, "other.yaml"), 4, 9));
    expect(trialConfig(sweep, 4, 9).drawn).not.toEqual(trialConfig(sweep, 5, 9).drawn);
    expect(trialConfig({ ...sweep, seed: 4 }, 4, 9).drawn).not.toEqual(trialConfig(sweep, 4, 9).drawn);
    expect(trialConfig(sweep, 4, 3).drawn).toEqual(trialConfig(sweep, 4, 9).drawn);
    expect(trialConfig(sweep, 4, 3).settings).toMatchObject({ size: 16, epochs: 3 });
  });

  it("keeps what was drawn when another setting is searched as well", () => {
    const wider: Sweep = { ...sweep, search: { mixup: { kind: "uniform", low: 0, high: 1 }, ...sweep.search } };
    expect(trialConfig(wider, 2, 1).drawn).toMatchObject(trialConfig(sweep, 2, 1).drawn);
  });

  it("stays within its bounds, and reaches all of them", () => {
    const drawn = Array.from(
      { length: 300 },
      (_, trial) => trialConfig(sweep, trial, 1).drawn as Record<string, number>,
    );
    expect(new Set(drawn.map(({ batchSize }) => batchSize))).toEqual(new Set([8, 9, 10]));
    expect(new Set(drawn.map(({ architecture }) => architecture))).toEqual(new Set(["cnn", "resnet"]));
    for (const { learningRate, labelSmoothing } of drawn) {
      expect(learningRate).toBeGreaterThanOrEqual(0.001);
      expect(learningRate).toBeLessThanOrEqual(0.1);
      expect(labelSmoothing).toBeLessThanOrEqual(0.2);
    }
    // Even over the logarithm: as many below a tenth of the highest as above it, to chance.
    const low = drawn.filter(({ learningRate }) => learningRate! < 0.01).length;
    expect(low).toBeGreaterThan(110);
    expect(low).toBeLessThan(190);
  });
});

const result = (trial: number, validationAccuracy: number, validationLoss = 1): TrialResult => ({
  ...trialConfig(sweep, trial, 1),
  validationAccuracy,
  validationLoss,
  bestEpoch: 1,
  durationMs: 1,
});
const failed = (trial: number): TrialResult => ({
  ...trialConfig(sweep, trial, 1),
  error: { code: "TRAIN_DIVERGED", message: "" },
});

describe("successive halving", () => {
  it("multiplies epochs by eta from round to round, up to all of them", () => {
    const rounds = (epochs: number, minEpochs: number, eta: number) =>
      roundEpochs({ method: "halving", epochs, minEpochs, eta });
    expect(rounds(9, 1, 3)).toEqual([1, 3, 9]);
    expect(rounds(10, 2, 2)).toEqual([2, 5, 10]);
    expect(rounds(5, 5, 3)).toEqual([5]);
    expect(roundEpochs({ method: "random", epochs: 9, minEpochs: 1, eta: 3 })).toEqual([9]);
  });

  it("continues the best of eta, at least one, and none that failed", () => {
    const results = [result(0, 0.5), result(1, 0.9), failed(2), result(3, 0.9, 0.5), result(4, 0.1), result(5, 0.6)];
    expect(survivors(results, 3)).toEqual([3, 1]);
    expect(survivors(results.slice(0, 2), 3)).toEqual([1]);
    expect(survivors([failed(0)], 3)).toEqual([]);
    expect(ranked(results).map(({ trial }) => trial)).toEqual([3, 1, 5, 0, 4, 2]);
  });

  it("ends with one or more rounds for any numbers", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 2, max: 8 }),
        (epochs, least, eta) => {
          const rounds = roundEpochs({ method: "halving", epochs, minEpochs: Math.min(epochs, least), eta });
          expect(rounds.at(-1)).toBe(epochs);
          for (let at = 1; at < rounds.length; at++) expect(rounds[at]).toBeGreaterThan(rounds[at - 1]!);
        },
      ),
    );
  });
});

describe("running a sweep", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "pawprint-sweep-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const halving: Sweep = { ...sweep, method: "halving", trials: 9 };
  /** Trial 7 is the best, 3 the next; 5 fails. */
  const figures = ({ trial, epochs }: TrialConfig) => {
    if (trial === 5) throw new AppError("TRAIN_DIVERGED", { required: "a loss" });
    const validationAccuracy = (trial === 7 ? 0.9 : trial === 3 ? 0.8 : trial / 100) + epochs / 1000;
    return { validationAccuracy, validationLoss: 1, bestEpoch: 1, durationMs: 1 };
  };

  it("runs each round with those that are left, keeps every result, and ranks those of later rounds first", async () => {
    const runs: string[] = [];
    const out = join(folder, "whole");
    const runTrial = async (config: TrialConfig) => {
      runs.push(trialName(config.trial, config.epochs));
      return figures(config);
    };
    const { results, reused } = await runSweep({ sweep: halving, folder: out, runTrial, parallel: 2 });
    expect(runs).toHaveLength(9 + 3 + 1);
    expect(results.map(({ trial, epochs }) => [trial, epochs])).toEqual([
      [7, 9],
      [3, 3],
      [8, 3],
      [6, 1],
      [4, 1],
      [2, 1],
      [1, 1],
      [0, 1],
      [5, 1],
    ]);
    expect(results.at(-1)?.error?.code).toBe("TRAIN_DIVERGED");
    expect(reused).toBe(0);
    const again = await runSweep({ sweep: halving, folder: out, runTrial: () => expect.unreachable() });
    expect(again).toEqual({ results, reused: 13 });
    expect(JSON.parse(await readFile(join(out, "trial-007-epochs-9", "result.json"), "utf8"))).toEqual(results[0]);
  });

  it("resumes after an interruption with unfinished trials", async () => {
    const out = join(folder, "cut");
    const controller = new AbortController();
    let done = 0;
    const first = runSweep({
      sweep,
      folder: out,
      signal: controller.signal,
      async runTrial(config) {
        if (++done === 4) {
          controller.abort(interruption("SIGINT"));
          throw new Error("the child was ended");
        }
        return figures(config);
      },
    });
    await expect(first).rejects.toMatchObject({ code: "INTERRUPTED" });
    const rest: number[] = [];
    const { results, reused } = await runSweep({
      sweep,
      folder: out,
      runTrial: async (config) => {
        rest.push(config.trial);
        return figures(config);
      },
    });
    expect(reused).toBe(3);
    expect(rest).toEqual([3, 4, 5, 6, 7, 8]);
    expect(results).toHaveLength(9);
    expect((await readdir(out)).filter((name) => name.startsWith("trial-"))).toHaveLength(9);
  });

  it("tries again what failed for a reason outside of the trial", async () => {
    const out = join(folder, "unlucky");
    const runs: number[] = [];
    const runTrial = async (config: TrialConfig) => {
      runs.push(config.trial);
      if (config.trial === 3 && runs.length < 9) throw new AppError("FILE_NOT_FOUND", { required: "a folder" });
      return figures(config);
    };
    const first = await runSweep({ sweep, folder: out, runTrial });
    expect(first.results.filter(({ error }) => error).map(({ trial }) => trial)).toEqual([3, 5]);
    const again = await runSweep({ sweep, folder: out, runTrial });
    expect(runs).toHaveLength(10);
    expect(again.reused).toBe(8);
    expect(again.results.filter(({ error }) => error).map(({ trial }) => trial)).toEqual([5]);
  });

  it("refuses a folder with trials of another sweep", async () => {
    const other: Sweep = { ...sweep, seed: 99 };
    await expect(
      runSweep({ sweep: other, folder: join(folder, "whole"), runTrial: async (config) => figures(config) }),
    ).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });
});
