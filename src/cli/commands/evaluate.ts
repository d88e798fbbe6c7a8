/** `pawprint evaluate`: what a bundle is worth on labelled pictures. */
import { AppError } from "../../base/index.ts";
import { loadBundle } from "../../registry/load-bundle.ts";
import { evaluateBundle } from "../../train/evaluate-bundle.ts";
import { defineCommand } from "../command.ts";
import { evaluationText } from "../evaluation-text.ts";
import { packsFolder, pathFrom } from "../paths.ts";
import { loadPawprintConfig } from "../pawprint-config.ts";

export const command = defineCommand({
  name: "evaluate",
  summary: "measure a bundle on labelled pictures",
  description: `Pictures fall into splits by a hash of their bytes, as in training, so the test split of the same data is what the bundle has never
seen. On other data choose --split all.`,
  arguments: [{ name: "model", doc: "a bundle, as train writes it" }],
  options: [
    {
      name: "data",
      type: "string",
      placeholder: "SOURCE",
      doc: "labelled pictures, as for train --data; train.data of pawprint.yaml unless given",
    },
    { name: "split", type: "choice", choices: ["test", "val", "train", "all"], default: "test", doc: "which pictures" },
    { name: "strict", type: "boolean", doc: "refuse the data at the first picture that cannot be used" },
  ],
  examples: [
    { line: "pawprint evaluate models/cats-dogs.onnx --data cats-dogs.zip", doc: "the split that training never saw" },
    { line: "pawprint evaluate models/cats-dogs.onnx --data new-pictures --split all --json", doc: "other pictures" },
  ],
  async run(context, { model }, options) {
    const { cwd, style, signal, progress, logger } = context;
    const { data } = (await loadPawprintConfig(context, "train", { data: options.data })).train;
    if (data === undefined) throw missingData();
    const bundle = await loadBundle({ path: pathFrom(cwd, model) });
    try {
      const { evaluation, ...facts } = await evaluateBundle({
        bundle,
        data: pathFrom(cwd, data),
        split: options.split as "test" | "val" | "train" | "all", // the parser takes these four only
        strict: options.strict,
        packs: pathFrom(cwd, packsFolder),
        signal,
        progress,
        logger,
      });
      const name = facts.split === "all" ? "all pictures" : `the ${facts.split} split`;
      return { result: { model, data, ...facts, evaluation }, text: evaluationText(name, evaluation, style) };
    } finally {
      await bundle.close();
    }
  },
});

function missingData(): AppError {
  return new AppError("CLI_USAGE", {
    required: "--data names the labelled pictures",
    received: "nothing",
    where: "pawprint evaluate",
    hint: "give --data SOURCE, or write train.data in pawprint.yaml",
  });
}
