import { expect, it } from "vitest";
import { byTelling, isBetter, metricGoal } from "./metric-keys.ts";

it.each([
  ["val_accuracy", "highest"],
  ["test_macro_f1", "highest"],
  ["eval/test/1a2b3c4d/accuracy", "highest"],
  ["images_per_second", "highest"],
  ["dice score", "highest"],
  ["valAccuracy", "highest"],
  ["AUC", "highest"],
  ["train_loss", "lowest"],
  ["batch/loss", "lowest"],
  ["test_expected_calibration_error", "lowest"],
  ["RMSE", "lowest"],
  ["learning_rate", undefined],
  ["epoch_seconds", undefined],
  ["system/cpu_utilization_percentage", undefined],
  ["glossy", undefined],
  ["mapped", undefined],
])("of %s the %s value is the best", (key, goal) => {
  expect(metricGoal(key)).toBe(goal);
});

it("puts results before validation, validation before training, and the machine last", () => {
  const keys = ["system/cpu", "batch/loss", "train_loss", "val_f1", "val_loss", "test_accuracy", "test_loss", "depth"];
  expect(byTelling(keys)).toEqual([
    "test_accuracy",
    "val_loss",
    "train_loss",
    "test_loss",
    "val_f1",
    "depth",
    "batch/loss",
    "system/cpu",
  ]);
});

it("takes NaN for worse than any number", () => {
  expect([isBetter("lowest", Number.NaN, 1), isBetter("lowest", 1, Number.NaN)]).toEqual([false, true]);
  expect([isBetter("highest", 2, 1), isBetter("lowest", 2, 1), isBetter("lowest", 1, 1)]).toEqual([true, false, false]);
});
