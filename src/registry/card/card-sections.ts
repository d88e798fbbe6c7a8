/** The parts of a model card that are made from facts, as Markdown. */

import { formatBytes } from "../../base/quantity.ts";
import { shellWord } from "../../base/shell-word.ts";
import { visibleText } from "../../base/visible-text.ts";
import type { BundleFile } from "../../bundle/bundle-file.ts";
import { backboneText, dataVersionText, pipelineText, quantizationText } from "../../bundle/lineage-text.ts";
import { defaultProportions } from "../../dataset/split.ts";
import { profileRows } from "../../tracking/dataset-profile.ts";
import { type CardFacts, figuresOf } from "./card-facts.ts";
import { markdownCode, markdownFence, markdownTable, markdownText } from "./markdown-text.ts";

/** Names of the parts that are made anew, by which their comments find them. */
export const generatedParts = [
  "model",
  "data",
  "training",
  "evaluation",
  "slices",
  "limits",
  "call",
  "lineage",
] as const;
export type GeneratedPart = (typeof generatedParts)[number];

/** Rows of a table; a card is read by people. */
const mostRows = 100;

/** Fewer test pictures than this say little of a class. */
const fewPictures = 30;

export const partMakers: Readonly<Record<GeneratedPart, (facts: CardFacts) => string>> = {
  model: modelPart,
  data: dataPart,
  training: trainingPart,
  evaluation: evaluationPart,
  slices: slicesPart,
  limits: limitsPart,
  call: callPart,
  lineage: lineagePart,
};

type Row = readonly [name: string, value: string];

function facts(rows: readonly (Row | undefined)[]): string {
  return markdownTable(
    ["", ""],
    rows.filter((row) => row !== undefined),
  );
}

export const percentText = (share: number): string => `${(share * 100).toFixed(1)} %`;

function modelPart({ bundle, version }: CardFacts): string {
  const { recipe, labels, architecture, lineage } = bundle.info;
  const names = labels.slice(0, mostRows).map(markdownText).join(", ");
  const description = version?.description ? [markdownText(version.description)] : [];
  const table = facts([
    version && ["Version", markdownCode(`models:/${version.name}/${version.version}`)],
    version?.aliases.length ? ["Aliases", version.aliases.map(markdownCode).join(", ")] : undefined,
    ["Task", "image classification: one class for each picture"],
    ["Architecture", markdownText(architecture.name)],
    [
      "Input",
      `pictures of any size; the model sees ${recipe.width} x ${recipe.height}, ${recipe.channels === 1 ? "grey" : "colour"}`,
    ],
    ["Output", "a probability for each class"],
    [`Classes (${labels.length})`, labels.length > mostRows ? `${names}, ...` : names],
    ["File", `one ONNX file of ${formatBytes(bundle.sizeBytes)}`],
    ["SHA-256", markdownCode(bundle.sha256)],
    ["Made", markdownText(lineage.createdAt)],
  ]);
  return [...description, table].join("\n\n");
}

function dataPart({ bundle, run }: CardFacts): string {
  const { lineage } = bundle.info;
  const table = facts([
    ["Source", markdownCode(lineage.source)],
    ["SHA-256 of the pictures", markdownCode(lineage.datasetHash)],
    ["Splits", splitsOf(bundle)],
  ]);
  const inputs = (run?.inputs ?? []).map(({ name, tags, profile }) => [
    markdownText(name),
    markdownText(tags.get("mlflow.data.context") ?? ""),
    String(profileRows(profile) ?? "unknown"),
  ]);
  return inputs.length === 0 ? table : `${table}\n\n${markdownTable(["Part", "Use", "Pictures"], inputs)}`;
}

function splitsOf({ info }: BundleFile): string {
  const { train, val, test } = info.lineage.splits?.proportions ?? defaultProportions;
  return `${train} training, ${val} validation, ${test} test, by a hash of each picture; those of the source where it has its own`;
}

function trainingPart({ bundle, run }: CardFacts): string {
  const { lineage } = bundle.info;
  const { epochs, bestEpoch } = figuresOf(bundle);
  const params = [...(run?.params ?? [])].slice(0, mostRows);
  const table = facts([
    epochs === undefined
      ? undefined
      : ["Epochs", `${epochs}${bestEpoch === undefined ? "" : `, the best ${bestEpoch}`}`],
    ["Seed", String(lineage.seed)],
    ["Git commit", lineage.gitCommit === undefined ? "unknown" : markdownCode(lineage.gitCommit)],
  ]);
  if (params.length === 0) return table;
  const rows = params.map(([key, value]) => [markdownText(key), markdownText(value.slice(0, 200))]);
  return `${table}\n\n${markdownTable(["Setting", "Value"], rows)}`;
}

function evaluationPart({ bundle }: CardFacts): string {
  const {
    split = "test",
    count,
    accuracy,
    accuracyInterval,
    top5Accuracy,
    loss,
    classes = [],
    calibration,
  } = figuresOf(bundle);
  if (accuracy === undefined) return "The bundle holds no figures of an evaluation.";
  const range =
    accuracyInterval &&
    ` (95 % interval ${percentText(accuracyInterval.low)} to ${percentText(accuracyInterval.high)})`;
  const overall = facts([
    [
      "Pictures",
      `${count ?? "unknown"}, ${markdownText(split)} split${split === "test" ? ": the training did not see them" : ""}`,
    ],
    ["Accuracy", `${percentText(accuracy)}${range ?? ""}`],
    top5Accuracy === undefined ? undefined : ["Top-5 accuracy", percentText(top5Accuracy)],
    loss === undefined ? undefined : ["Loss", loss.toFixed(4)],
    calibration && [
      "Calibration",
      `expected calibration error ${calibration.expectedCalibrationError.toFixed(4)}, temperature ${calibration.temperature.toFixed(3)}`,
    ],
  ]);
  if (classes.length === 0) return overall;
  const shown = classes.length > mostRows ? classes.toSorted((a, b) => a.f1 - b.f1).slice(0, mostRows) : classes;
  const rows = shown.map(({ label, count, precision, recall, f1 }) => [
    markdownText(label),
    String(count),
    percentText(precision),
    percentText(recall),
    percentText(f1),
  ]);
  const note =
    classes.length > shown.length ? [`The ${shown.length} classes of ${classes.length} with the lowest F1.`] : [];
  return [
    overall,
    "### Per class",
    markdownTable(["Class", "Pictures", "Precision", "Recall", "F1"], rows),
    ...note,
  ].join("\n\n");
}

function slicesPart({ slices }: CardFacts): string {
  if (slices === undefined || slices.length === 0) return "No evaluation of slices was given when this card was made.";
  const shown = slices.toSorted((a, b) => a.accuracy - b.accuracy).slice(0, mostRows);
  const rows = shown.map(({ dimension, name, count, accuracy, isWorse }) => [
    markdownText(dimension),
    markdownText(name),
    String(count),
    percentText(accuracy),
    isWorse ? "**worse than the rest**" : "",
  ]);
  const table = markdownTable(["By", "Slice", "Pictures", "Accuracy", ""], rows);
  return slices.length > shown.length ? `${table}\n\nThe ${shown.length} lowest of ${slices.length}.` : table;
}

function limitsPart({ bundle }: CardFacts): string {
  const { labels, recipe } = bundle.info;
  const { classes = [] } = figuresOf(bundle);
  const rare = classes.filter(({ count }) => count < fewPictures);
  const [weakest] = classes.toSorted((a, b) => a.recall - b.recall);
  const lines = [
    `It knows ${labels.length} classes. A picture of anything else gets one of them, too, sometimes with a high probability.`,
    `It sees ${recipe.width} x ${recipe.height} pixels: what is small in a picture is lost.`,
    ...(rare.length === 0
      ? []
      : [
          `Of ${rare.length === 1 ? "one class" : `${rare.length} classes`} fewer than ${fewPictures} pictures were tested: ${listed(rare)}.`,
        ]),
    ...(weakest === undefined
      ? []
      : [
          `The class that it finds least often is ${markdownText(weakest.label)}: ${percentText(weakest.recall)} of its pictures.`,
        ]),
  ];
  return lines.map((line) => `- ${line}`).join("\n");
}

function listed(classes: readonly { readonly label: string }[]): string {
  const names = classes.slice(0, 10).map(({ label }) => markdownText(label));
  return classes.length > names.length
    ? `${names.join(", ")} and ${classes.length - names.length} more`
    : names.join(", ");
}

function callPart({ bundle, version }: CardFacts): string {
  const model = version ? `models:/${version.name}/${version.version}` : bundle.path;
  const quoted = JSON.stringify(model);
  return [
    "Start a service, which answers on port 8000 (a key is needed where the service asks for one):",
    markdownFence("sh", `pawprint serve ${shellWord(visibleText(model), "linux")}`),
    "From a shell:",
    markdownFence("sh", "curl -F file=@picture.jpg http://localhost:8000/predict"),
    "From TypeScript:",
    markdownFence(
      "ts",
      `import { readFile } from "node:fs/promises";
import { createClient } from "pawprint/client";

const client = createClient("http://localhost:8000");
const answer = await client.predict(await readFile("picture.jpg"));
console.log(answer.label, answer.confidence);`,
    ),
    "From Python:",
    markdownFence(
      "python",
      `import requests

with open("picture.jpg", "rb") as picture:
    answer = requests.post("http://localhost:8000/predict", files={"file": picture}).json()
print(answer["label"], answer["confidence"])`,
    ),
    ...(version
      ? [
          "With MLflow, pictures of the model's size, uint8 `[N,H,W,C]`:",
          markdownFence(
            "python",
            `import mlflow

model = mlflow.pyfunc.load_model(${quoted})
probabilities = model.predict({"pictures": pictures})["probabilities"]`,
          ),
        ]
      : []),
  ].join("\n\n");
}

function lineagePart({ bundle, version, run }: CardFacts): string {
  const { lineage, digest } = bundle.info;
  return facts([
    ["Pictures", markdownCode(lineage.datasetHash)],
    lineage.data && ["Data version", markdownText(dataVersionText(lineage)!)],
    lineage.backbone && ["Backbone", markdownText(backboneText(lineage)!)],
    lineage.quantization && ["Quantised", markdownText(quantizationText(lineage)!)],
    lineage.pipeline && ["Pipeline", markdownText(pipelineText(lineage)!)],
    ["Commit", lineage.gitCommit === undefined ? "unknown" : markdownCode(lineage.gitCommit)],
    ["Training", `${markdownCode(lineage.runId)}${run ? ` (run ${markdownText(run.name)}, ${run.status})` : ""}`],
    ["Bundle", `${markdownCode(bundle.sha256)}${digest === undefined ? "" : `, digest ${markdownCode(digest)}`}`],
    version && [
      "Version",
      `${markdownCode(`models:/${version.name}/${version.version}`)} from ${markdownCode(version.source)}`,
    ],
  ]);
}
