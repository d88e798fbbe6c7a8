/** `pawprint inspect`: a bundle's metadata. */

import { formatBytes } from "../../../base/quantity.ts";
import type { BundleInfo } from "../../../bundle/bundle.ts";
import type { BundleFile } from "../../../bundle/bundle-file.ts";
import { inspectBundle } from "../../../wire/library.ts";
import { defineCommand } from "../../frame/command.ts";
import { alignRows, type Style } from "../../frame/console.ts";
import { pathFrom } from "../../paths.ts";
import { percent } from "../../text/evaluation-text.ts";

export const command = defineCommand({
  arguments: [{ name: "model", doc: "a bundle, as train writes it" }],
  options: [],
  examples: [
    { line: "pawprint inspect models/cats-dogs.onnx", doc: "as text" },
    { line: "pawprint inspect models/cats-dogs.onnx --json", doc: "all of it, the confusion matrix too" },
  ],
  async run({ cwd, style }, { model }) {
    const file = await inspectBundle(pathFrom(cwd, model), model);
    const { info, ...facts } = file;
    return { result: { ...facts, ...info }, text: describe(file, style) };
  },
});

function describe(file: BundleFile, style: Style): string {
  const { labels, recipe, architecture, lineage, evaluation, parity, digest } = file.info;
  const options = Object.entries(architecture.options).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  const rows: (readonly [string, string])[] = [
    ["file", `${file.path} (${formatBytes(file.sizeBytes)})`],
    ["sha256", file.sha256],
    ["labels", labels.join(", ")],
    ["input", `uint8 [N,${recipe.height},${recipe.width},${recipe.channels}], named pictures`],
    [
      "recipe",
      `${recipe.width} x ${recipe.height}, ${recipe.channels === 1 ? "grey" : "sRGB"}, ${recipe.fit}, ${recipe.kernel}`,
    ],
    ["architecture", `${architecture.name} (${options.join("; ")})`],
    ["evaluation", figuresOf(evaluation)],
    ["calibration", calibrationOf(evaluation.calibration)],
    ["trained from", lineage.source],
    ["dataset", lineage.datasetHash],
    ["run", lineage.runId],
    ["created", lineage.createdAt],
    ["seed", String(lineage.seed)],
    ["git commit", lineage.gitCommit ?? "none"],
    ["parity", `${parity.length} noise pictures with their answers`],
    ["digest", digest === undefined ? "none (exported by an earlier version)" : `${digest}, correct`],
  ];
  return alignRows(rows.map(([name, value]) => [style.bold(name), value]));
}

/** A bundle may come from another program, so no figure is taken for granted. */
function figuresOf(evaluation: BundleInfo["evaluation"]): string {
  const { accuracy, count, loss, split } = evaluation;
  const parts = [
    typeof accuracy === "number" ? `accuracy ${percent(accuracy)}` : undefined,
    typeof loss === "number" ? `loss ${loss.toFixed(4)}` : undefined,
    typeof count === "number" ? `${count} pictures` : undefined,
    typeof split === "string" ? `${split} split` : undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? "none" : parts.join(", ");
}

/** Expected calibration error with and without the bundle's temperature. */
function calibrationOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return "none";
  const {
    temperature,
    expectedCalibrationError: after,
    errorBefore: before,
  } = value as Readonly<Record<string, unknown>>;
  if (typeof temperature !== "number" || typeof after !== "number" || typeof before !== "number") return "none";
  return `error ${after.toFixed(4)} (${before.toFixed(4)} before the temperature of ${temperature.toFixed(3)})`;
}
