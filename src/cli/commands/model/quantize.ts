/** `pawprint quantize`: a bundle of 8 bits from one of floats, where that is faster and as good. */
import { formatBytes } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { rangeMethods } from "../../../train/quantization/activation-range.ts";
import { quantizeBundle } from "../../../wire/library.ts";
import { bundleAt, bundleDoc } from "../../bundle-at.ts";
import { defineCommand } from "../../frame/command.ts";
import { labelledData, labelledDataOptions } from "../../labelled-data.ts";
import { packsFolder, pathFrom, shownName, shownPath } from "../../paths.ts";
import { quantizationReportText } from "../../text/quantization-text.ts";

export const command = defineCommand({
  description: `Measures the activations of a bundle on pictures it was trained on, and writes a bundle whose layers compute with 8 bits: a quarter of the size,
the same interface. Its ranges are chosen on the validation split; accuracy and latency are compared with the float bundle's on the test split.

It is written only where it is faster on this machine and loses at most --max-loss of accuracy; otherwise nothing is written and the exit code is 1.`,
  arguments: [{ name: "model", doc: bundleDoc }],
  options: [
    ...labelledDataOptions("the pictures that the bundle was trained on"),
    { name: "out", short: "o", type: "string", placeholder: "OUT.onnx", required: true, doc: "the new bundle" },
    {
      name: "pictures",
      type: "integer",
      min: 1,
      max: 100_000,
      default: 128,
      doc: "pictures of the train split on which activations are measured",
    },
    {
      name: "method",
      type: "choice",
      choices: rangeMethods,
      doc: "how ranges of activations are chosen: all values, all but 1 in 10,000, or the least squared error; the one with the best accuracy on the validation split unless given",
    },
    { name: "seed", type: "integer", min: 0, default: 0, doc: "chooses the pictures" },
    {
      name: "maxLoss",
      type: "number",
      min: 0,
      max: 1,
      default: 0.01,
      doc: "accuracy that may be lost, as a share of the pictures; 0.01 is one point",
    },
    { name: "evenIfWorse", type: "boolean", doc: "write it also where it is slower, or loses more" },
    {
      name: "threads",
      type: "integer",
      min: 1,
      max: 512,
      doc: "threads of the engine; one for each core unless given",
    },
    { name: "force", short: "f", type: "boolean", doc: "overwrite an existing file" },
    {
      name: "trackingUri",
      type: "string",
      placeholder: "URI",
      doc: "folder or MLflow server of models:/ and runs:/ addresses; MLFLOW_TRACKING_URI, else runs/",
    },
  ],
  examples: [
    {
      line: "pawprint quantize models/cats-dogs.onnx --data cats-dogs.zip --out models/cats-dogs-int8.onnx",
      doc: "where it is faster here, and loses at most one point",
    },
    {
      line: "pawprint quantize models/cats-dogs.onnx --data cats-dogs.zip --out models/cats-dogs-int8.onnx --max-loss 0.002 --pictures 512",
      doc: "a fifth of a point at most, ranges from more pictures",
    },
    {
      line: "pawprint quantize models:/cats-dogs@champion --data cats-dogs.zip --out int8.onnx --even-if-worse --json",
      doc: "for another machine than this one, with all figures",
    },
  ],
  leavesFiles: true,
  again: "pictures that were packed are not decoded again",
  async run(context, { model }, options) {
    const { cwd, style, signal, progress, logger } = context;
    const { data, reading } = await labelledData(context, options, "pawprint quantize");
    const { input, name } = await bundleAt(context, model, options);
    const { method, threads, seed, maxLoss, evenIfWorse, force, strict } = options;
    const report = await quantizeBundle({
      bundle: input,
      data: pathFrom(cwd, data),
      out: pathFrom(cwd, options.out),
      reading,
      calibrationPictures: options.pictures,
      ...(method !== undefined && { method }),
      ...(threads !== undefined && { threads }),
      ...{ seed, maxLoss, evenIfWorse, force, strict },
      packs: pathFrom(cwd, packsFolder),
      ...{ signal, progress, logger },
    });
    const { bundle, ...figures } = report;
    const path = bundle && shownPath(cwd, bundle.path);
    const written = bundle && `${shownName(path!)} (${formatBytes(bundle.sizeBytes)})`;
    return {
      result: {
        model: name,
        data,
        ...figures,
        ...(bundle && { bundle: { path, sizeBytes: bundle.sizeBytes, sha256: bundle.sha256 } }),
      },
      text: [
        quantizationReportText(report, style),
        "",
        ...(report.reasons.length === 0
          ? []
          : [style.yellow(`The float bundle is better: ${report.reasons.join("; ")}`)]),
        written === undefined
          ? "Nothing was written; --even-if-worse writes it all the same"
          : `${style.bold("Written")}  ${written}`,
      ].join("\n"),
      ...(path === undefined
        ? { exitCode: 1 as const }
        : { quietText: shownName(path), next: `${style.cyan(`pawprint serve ${shellPath(path)}`)}` }),
    };
  },
});
