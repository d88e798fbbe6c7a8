/** The bundle's figures against the thresholds in params.yaml, and its answers to known pictures. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { openPredictor } from "pawprint";
import { parse } from "yaml";

const bundle = "models/@name@.onnx";
const skip = existsSync(bundle) ? false : `${bundle} is missing: npx pawprint repro`;
const { thresholds } = parse(readFileSync("params.yaml", "utf8"));

test("the figures on the test pictures reach the thresholds", { skip }, () => {
  const { evaluation, calibration } = JSON.parse(readFileSync("models/metrics.json", "utf8"));
  assert.ok(evaluation.accuracy >= thresholds.accuracy, `accuracy ${evaluation.accuracy}`);
  const error = calibration.expectedCalibrationError;
  assert.ok(error <= thresholds.calibrationError, `expected calibration error ${error}`);
});

test("known pictures are answered as at the evaluation", { skip }, async () => {
  const predictor = await openPredictor(bundle);
  try {
    const [head, ...rows] = readFileSync("models/answers.csv", "utf8").trim().split("\n");
    assert.match(head, /^id,label,answer,confidence/);
    // Names with commas are quoted, and left out here.
    for (const row of rows.filter((line) => !line.includes('"')).slice(0, 5)) {
      const [id, , answer, confidence] = row.split(",");
      const { label, confidence: now } = await predictor.predict(`data/raw/${id}`);
      assert.equal(label, answer, id);
      assert.ok(Math.abs(now - Number(confidence)) < 1e-3, `${id}: ${now} in place of ${confidence}`);
    }
  } finally {
    await predictor.close();
  }
});
