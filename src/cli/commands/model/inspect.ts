/** `pawprint inspect`: a bundle's metadata. */

import { formatBytes } from "../../../base/quantity.ts";
import type { BundleInfo } from "../../../bundle/bundle.ts";
import type { BundleFile } from "../../../bundle/bundle-file.ts";
import { backboneText, dataVersionText, pipelineText, quantizationText } from "../../../bundle/lineage-text.ts";
import type { ReferenceProfile } from "../../../bundle/reference-profile.ts";
import type { ModelVersion } from "../../../registry/model-registry.ts";
import { inspectBundle } from "../../../wire/library.ts";
import { bundleAt, bundleDoc, placeOption } from "../../bundle-at.ts";
import { defineCommand } from "../../frame/command.ts";
import { alignRows, type Style } from "../../frame/console.ts";
import { percent } from "../../text/evaluation-text.ts";

export const command = defineCommand({
  arguments: [{ name: "model", doc: bundleDoc }],
  options: [placeOption],
  examples: [
    { line: "pawprint inspect models/cats-dogs.onnx", doc: "as text" },
    { line: "pawprint inspect models/cats-dogs.onnx --json", doc: "all of it, the confusion matrix too" },
    { line: "pawprint inspect models:/cats-dogs@champion", doc: "a registered model, and which version it is" },
  ],
  async run(context, { model }, { trackingUri }) {
    const { input, name, version } = await bundleAt(context, model, { trackingUri });
    const file = await inspectBundle(input, name);
    const { info: whole, ...facts } = file;
    const { reference, ...info } = whole;
    const registered = version && { ...version, tags: Object.fromEntries(version.tags) };
    return {
      result: {
        ...facts,
        ...info,
        ...(reference && { reference: referenceFigures(reference) }),
        ...(registered && { registered }),
      },
      text: describe(file, version, context.style),
    };
  },
});

/** Without the sample, which is thousands of numbers. */
function referenceFigures({ sample, answerCounts: _, ...figures }: ReferenceProfile): object {
  return {
    ...figures,
    sampled: sample.answers.length,
    statistics: Object.keys(sample.statistics),
    hasEmbeddings: sample.embedding !== undefined,
  };
}

function describe(file: BundleFile, version: ModelVersion | undefined, style: Style): string {
  const { labels, recipe, architecture, lineage, evaluation, parity, digest, reference } = file.info;
  const { embedding } = file;
  const options = Object.entries(architecture.options).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  const rows: (readonly [string, string])[] = [
    ["file", `${file.path} (${formatBytes(file.sizeBytes)})`],
    ...(version === undefined ? [] : registeredRows(version)),
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
    ["data version", dataVersionText(lineage) ?? "none"],
    ...(lineage.pipeline === undefined ? [] : [["pipeline", pipelineText(lineage)!] as const]),
    ...(lineage.backbone === undefined ? [] : [["backbone", backboneText(lineage)!] as const]),
    ...(lineage.quantization === undefined ? [] : [["quantised", quantizationText(lineage)!] as const]),
    ["parity", `${parity.length} noise pictures with their answers`],
    [
      "reference",
      reference === undefined
        ? "none; make one with: pawprint monitor reference MODEL --data SOURCE --out NEW.onnx"
        : `${reference.sample.answers.length} pictures of the ${reference.split} split`,
    ],
    ["embedding", embedding === undefined ? "none" : embeddingText(embedding)],
    ["digest", digest === undefined ? "none (exported by an earlier version)" : `${digest}, correct`],
  ];
  return alignRows(rows.map(([name, value]) => [style.bold(name), value]));
}

function embeddingText({ size, width }: NonNullable<BundleFile["embedding"]>): string {
  const source = `the ${width} numbers that the last layer takes`;
  return size === width ? source : `${size}, projected from ${source}`;
}

/** What the registry says of the version. */
function registeredRows({ version, aliases, description }: ModelVersion): (readonly [string, string])[] {
  return [
    ["version", aliases.length === 0 ? version : `${version} (${aliases.join(", ")})`],
    ...(description === "" ? [] : [["description", description] as const]),
  ];
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
