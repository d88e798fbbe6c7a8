/** `pawprint monitor reference`: what a monitor compares predictions with, for an older bundle. */
import { counted, formatBytes } from "../../../base/quantity.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { makeReference } from "../../../wire/monitoring.ts";
import { defineCommand } from "../../frame/command.ts";
import { labelledData, labelledDataOptions, splitOption } from "../../labelled-data.ts";
import { packsFolder, pathFrom, shownPath } from "../../paths.ts";
import { percent } from "../../text/evaluation-text.ts";

export const command = defineCommand({
  description: `Bundles that train writes have a reference profile of the split they were evaluated on: statistics of a sample of its pictures, and the answers to
them. This makes it for a bundle of an earlier version, or of other pictures; the new file has the same graph and weights.`,
  arguments: [{ name: "model", doc: "a bundle's file" }],
  options: [
    ...labelledDataOptions(),
    splitOption,
    { name: "out", type: "string", placeholder: "NEW.onnx", required: true, doc: "the bundle's copy with the profile" },
    { name: "force", short: "f", type: "boolean", doc: "overwrite an existing file" },
  ],
  examples: [
    {
      line: "pawprint monitor reference models/old.onnx --data cats-dogs.zip --out models/old-with-reference.onnx",
      doc: "of the test split, as train makes it",
    },
  ],
  async run(context, { model }, options) {
    const { cwd, signal, progress, logger } = context;
    const { data, reading } = await labelledData(context, options, "pawprint monitor reference");
    const { bundle, reference } = await makeReference({
      bundle: pathFrom(cwd, model),
      data: pathFrom(cwd, data),
      reading,
      split: options.split,
      out: pathFrom(cwd, options.out),
      force: options.force,
      strict: options.strict,
      packs: pathFrom(cwd, packsFolder),
      signal,
      progress,
      logger,
    });
    const { sample, count, accuracy } = reference;
    const statistics = Object.keys(sample.statistics);
    const sizeBytes = JSON.stringify(reference).length;
    return {
      result: {
        model: bundle.path,
        sha256: bundle.sha256,
        split: reference.split,
        count,
        sampled: sample.answers.length,
        accuracy,
        statistics,
        sizeBytes,
      },
      text: [
        `reference of ${counted(sample.answers.length, "picture")} of ${count}, accuracy ${percent(accuracy)}, ${formatBytes(sizeBytes)}`,
        `statistics: ${statistics.join(", ")}`,
        `written: ${visibleText(shownPath(cwd, bundle.path))}`,
      ].join("\n"),
    };
  },
});
