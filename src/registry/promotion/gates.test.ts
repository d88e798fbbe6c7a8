import { describe, expect, it } from "vitest";
import { readOptions } from "../../base/schema/options.ts";
import { type GateKey, type GateResult, gates, judgeGates, type MeasuredAnswers, type Measurements } from "./gates.ts";
import { type PromotionConfig, promotionConfigSchema } from "./promotion-config.ts";

const settings = (given: Partial<PromotionConfig> = {}): PromotionConfig =>
  readOptions<PromotionConfig>(promotionConfigSchema, given as PromotionConfig, "promotion");

const answers: MeasuredAnswers = { count: 1000, accuracy: 0.9, calibrationError: 0.02, slices: [] };
const labels = ["cat", "dog"];
const present = { version: "6", labels };

function judge(gate: GateKey, measured: Partial<Measurements>, given: Partial<PromotionConfig> = {}): GateResult {
  const all = judgeGates({ sizeBytes: 1000, labels, answers, ...measured }, settings(given));
  return all.find((result) => result.gate === gate)!;
}

/** Of 1000 pictures, only one of the versions right on so many. */
function compared(onlyCandidateRight: number, onlyPresentRight: number, pValue: number): Partial<Measurements> {
  const accuracy = 0.9 - (onlyCandidateRight - onlyPresentRight) / 1000;
  return { present, answers: { ...answers, present: { accuracy, onlyCandidateRight, onlyPresentRight, pValue } } };
}

describe("the gates", () => {
  it("let a first version pass with no settings, and name why each was skipped", () => {
    const results = judgeGates({ sizeBytes: 1000, labels, answers }, settings());
    expect(results.map(({ gate }) => gate)).toEqual(gates.map(({ key }) => key));
    expect(results.filter(({ verdict }) => verdict === "fail")).toEqual([]);
    expect(results.filter(({ verdict }) => verdict === "pass").map(({ gate }) => gate)).toEqual(["load"]);
    for (const { reason } of results) expect(reason).toMatch(/\S{2}/);
  });

  it("have settings that exist", () => {
    const known = Object.keys(promotionConfigSchema.properties);
    expect(gates.flatMap((gate) => gate.settings).filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each([
    ["accuracy", { minAccuracy: 0.9 }, "pass"],
    ["accuracy", { minAccuracy: 0.901 }, "fail"],
    ["calibration", { maxCalibrationError: 0.02 }, "pass"],
    ["calibration", { maxCalibrationError: 0.019 }, "fail"],
    ["size", { maxSizeBytes: 1000 }, "pass"],
    ["size", { maxSizeBytes: 999 }, "fail"],
  ] as const)("%s with the limit %o: %s", (gate, given, verdict) => {
    const result = judge(gate, {}, given);
    expect(result.verdict).toBe(verdict);
    expect(result.limit).toBe(Object.values(given)[0]);
  });

  it("fail what was asked for and cannot be measured", () => {
    const nothing = { answers: { missing: "the pictures of the training are not at data/raw" } };
    expect(judge("accuracy", nothing).verdict).toBe("skip");
    for (const [gate, given] of [
      ["accuracy", { minAccuracy: 0.5 }],
      ["calibration", { maxCalibrationError: 0.5 }],
      ["latency", { maxLatencyMs: 5 }],
      ["smoke", { smokeData: "smoke" }],
    ] as const) {
      expect(judge(gate, nothing, given).verdict).toBe("fail");
    }
    for (const gate of ["comparison", "slices"] as const) {
      expect(judge(gate, { ...nothing, present })).toEqual({
        gate,
        verdict: "fail",
        reason: "not measured: the pictures of the training are not at data/raw",
      });
    }
  });

  it("fail figures that are no numbers", () => {
    const broken = { answers: { ...answers, accuracy: Number.NaN, calibrationError: Number.NaN } };
    expect(judge("accuracy", broken, { minAccuracy: 0 }).verdict).toBe("fail");
    expect(judge("calibration", broken, { maxCalibrationError: 1 }).verdict).toBe("fail");
    expect(judge("latency", { latencyMs: Number.NaN }, { maxLatencyMs: 1e9 })).not.toHaveProperty("measured");
  });

  it("stop at a bundle that does not load", () => {
    const fault = "Expected probabilities within 0.0001 of the trained model's; got a difference of 0.3";
    expect(judge("load", { loadFault: fault })).toEqual({ gate: "load", verdict: "fail", reason: fault });
  });

  it("name the pictures that the smoke test got wrong", () => {
    const smoke = { count: 10, right: 5, wrong: ["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png", "dog/3.png"] };
    const result = judge("smoke", { smoke }, { smokeData: "smoke" });
    expect(result).toMatchObject({ verdict: "fail", measured: 0.5, limit: 1 });
    expect(result.reason).toBe("5 of 10 pictures right; wrong: cat/1.png, cat/2.png, dog/1.png and 2 more");
    expect(judge("smoke", { smoke }, { smokeData: "smoke", minSmokeAccuracy: 0.5 }).verdict).toBe("pass");
    expect(judge("smoke", { smoke: { count: 0, right: 0, wrong: [] } }, { smokeData: "smoke" }).verdict).toBe("fail");
  });
});

describe("the gate of labels", () => {
  it("takes them in any order, and names those that are gone or new", () => {
    expect(judge("labels", { present: { version: "6", labels: ["dog", "cat"] } }).verdict).toBe("pass");
    const other = { present: { version: "6", labels: ["cat", "fox"] } };
    expect(judge("labels", other)).toMatchObject({ verdict: "fail", reason: "without fox, with dog in addition" });
    expect(judge("labels", other, { labelsMayDiffer: true }).verdict).toBe("pass");
    expect(judge("comparison", other)).toMatchObject({ verdict: "skip", reason: "the classes differ" });
  });

  it("says where the present version cannot be read", () => {
    const broken = { present: { version: "6", fault: "version 6 cannot be read (MODEL_CHANGED)" } };
    for (const gate of ["labels", "comparison"] as const) {
      expect(judge(gate, broken).verdict).toBe("fail");
      expect(judge(gate, broken).reason).toContain("version 6 cannot be read (MODEL_CHANGED)");
    }
  });
});

describe("the gate of comparison", () => {
  it.each([
    [0, 10, 0.002, 0.01, "fail", "certain, though the margin is kept"],
    [15, 25, 0.15, 0.01, "pass", "by chance, at the margin"],
    [15, 26, 0.12, 0.01, "fail", "by chance, beyond the margin"],
    [26, 15, 0.01, 0.01, "pass", "better, and certain"],
    [7, 7, 1, 0, "pass", "equal, without a margin"],
    [7, 8, 1, 0, "fail", "one picture worse, without a margin"],
  ])("only candidate right on %i, only present on %i, p %f, margin %f: %s (%s)", (own, other, p, margin, verdict) => {
    expect(judge("comparison", compared(own, other, p), { maxAccuracyLoss: margin }).verdict).toBe(verdict);
  });

  it("gives both accuracies, the p-value, and pictures that the present version was trained on", () => {
    const measured = compared(0, 10, 0.002);
    const own = measured.answers as MeasuredAnswers;
    const withNote = { ...measured, answers: { ...own, present: { ...own.present!, trainedOn: 800 } } };
    expect(judge("comparison", withNote)).toEqual({
      gate: "comparison",
      verdict: "fail",
      measured: -0.01,
      limit: -0.01,
      reason:
        "0.9000 against 0.9100 of version 6 on 1000 pictures, p = 0.0020, a loss beyond chance (p below 0.05); version 6 was trained on 800 of them",
    });
  });
});

describe("the gate of slices", () => {
  const slice = (name: string, count: number, accuracy: number, presentAccuracy?: number) => ({
    name,
    count,
    accuracy,
    ...(presentAccuracy !== undefined && { presentAccuracy }),
  });

  it("compares a slice with the present version's, where there is one", () => {
    const slices = [
      slice("class cat", 500, 0.95, 0.9),
      slice("class dog", 500, 0.7, 0.85),
      slice("size small", 9, 0, 1),
    ];
    const result = judge("slices", { present, answers: { ...answers, slices } });
    expect(result).toMatchObject({ verdict: "fail", limit: -0.1 });
    expect(result.measured).toBeCloseTo(-0.15, 10);
    expect(result.reason).toBe(
      "class dog with 0.7000 on 500 pictures against 0.8500 of version 6; 1 slice of fewer than 50 not judged",
    );
    expect(judge("slices", { present, answers: { ...answers, slices } }, { maxSliceLoss: 0.15 }).verdict).toBe("pass");
  });

  it("does not take a present accuracy of 0 for none", () => {
    const slices = [slice("class cat", 500, 0.1, 0)];
    expect(judge("slices", { present, answers: { ...answers, slices } }).verdict).toBe("pass");
  });

  it("compares with the overall accuracy on a first version", () => {
    const slices = [slice("class cat", 500, 0.6), slice("class dog", 500, 0.95)];
    expect(judge("slices", { answers: { ...answers, slices } }).verdict).toBe("pass");
    const strict = judge("slices", { answers: { ...answers, slices } }, { maxSliceGap: 0.2 });
    expect(strict.verdict).toBe("fail");
    expect(strict.reason).toBe("class cat with 0.6000 on 500 pictures against 0.9000 overall");
  });

  it("is skipped where all slices are small", () => {
    const slices = [slice("class cat", 4, 0), slice("class dog", 4, 1)];
    expect(judge("slices", { answers: { ...answers, slices } })).toMatchObject({ verdict: "skip" });
  });
});
