/** `pawprint batch`: predictions for every picture of a source, as a file. */
import { counted, formatDuration } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { batchFormats } from "../../../predict/batch/row-formats.ts";
import { readShard } from "../../../predict/batch/shard.ts";
import { batchPredict } from "../../../wire/library.ts";
import { bundleAt, bundleDoc, placeOption } from "../../bundle-at.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom, shownName, shownPath } from "../../paths.ts";

export const command = defineCommand({
  description: `Takes pictures whether they have labels or not. The output has one row for each, in the source's order: id, label, confidence, a probability for
each class, and code and message of the error where a picture cannot be used. It is complete or absent; until it is complete, rows are in FILE.partial.`,
  arguments: [{ name: "source", doc: "a folder, a .zip, .tar or .tar.gz, a manifest, or s3://BUCKET/PREFIX" }],
  options: [
    { name: "model", short: "m", type: "string", placeholder: "BUNDLE", required: true, doc: bundleDoc },
    {
      name: "out",
      short: "o",
      type: "string",
      placeholder: "FILE",
      required: true,
      doc: "a .csv, .jsonl or .parquet file, or s3://BUCKET/KEY",
    },
    {
      name: "format",
      type: "choice",
      choices: batchFormats,
      doc: "what the output is written as; by the end of its name unless given",
    },
    { name: "resume", type: "boolean", doc: "go on with unfinished predictions, where there are some" },
    { name: "force", short: "f", type: "boolean", doc: "replace an output; without --resume begin again, too" },
    {
      name: "shard",
      type: "string",
      placeholder: "I/N",
      doc: "predict part I of N, from 0; env takes JOB_COMPLETION_INDEX and JOB_COMPLETIONS. The output's name gets the shard",
    },
    {
      name: "state",
      type: "string",
      placeholder: "FILE",
      doc: "where unfinished predictions are kept; beside the output unless given, for an object below .pawprint/batch",
    },
    {
      name: "batchSize",
      type: "integer",
      min: 1,
      max: 4096,
      doc: "pictures that go through the graph at once; 32 unless given",
    },
    {
      name: "threads",
      type: "integer",
      min: 1,
      max: 512,
      doc: "threads of the engine; one for each core unless given",
    },
    {
      name: "followLinks",
      type: "boolean",
      doc: "enter folders that are symbolic links, and read files that links lead to outside",
    },
    {
      name: "root",
      type: "string",
      placeholder: "FOLDER",
      doc: "folder that a manifest's paths start from; its own unless given",
    },
    {
      name: "nameEncoding",
      type: "string",
      placeholder: "ENCODING",
      doc: "encoding of the names in an archive that does not say it, such as gbk or shift_jis",
    },
    placeOption,
  ],
  examples: [
    { line: "pawprint batch holiday --model models/cats-dogs.onnx --out predictions.csv", doc: "a folder, as a table" },
    {
      line: "pawprint batch s3://pets/raw --model models:/cats-dogs@champion --out s3://pets/predictions.parquet --resume",
      doc: "a bucket, with the model that serves; goes on where it was killed",
    },
    {
      line: "pawprint batch pets.zip --model models/cats-dogs.onnx --out predictions.jsonl --shard 0/4",
      doc: "the first of four parts, into predictions.0-of-4.jsonl",
    },
  ],
  leavesFiles: true,
  again: "with --resume it goes on where it stopped",
  async run(
    context,
    { source },
    { model, out, shard, state, root, nameEncoding, followLinks, trackingUri, ...options },
  ) {
    const { cwd, env, style, signal, progress, logger } = context;
    const { format, batchSize, threads, resume, force } = options;
    const part = shard === undefined ? undefined : readShard(shard, env);
    const { input } = await bundleAt(context, model, { trackingUri });
    const report = await batchPredict({
      model: input,
      source: pathFrom(cwd, source),
      out,
      ...(format !== undefined && { format }),
      reading: {
        followLinks,
        ...(root !== undefined && { root }),
        ...(nameEncoding !== undefined && { nameEncoding }),
      },
      ...(part !== undefined && { shard: part }),
      ...(state !== undefined && { state }),
      ...(batchSize !== undefined && { batchSize }),
      ...(threads !== undefined && { threads }),
      resume,
      force,
      cwd,
      signal,
      progress,
      logger,
    });
    const shown = shownPath(cwd, report.out);
    const failed = report.failed === 0 ? "" : `, ${report.failed} with an error in place of a prediction`;
    const earlier = report.resumed === 0 ? "" : `, ${report.resumed} of them from before`;
    return {
      result: { model, source, ...report },
      text: [
        `${style.bold("Written")}   ${shownName(shown)}`,
        `${style.bold("Pictures")}  ${counted(report.pictures, "picture")}${earlier}${failed}, in ${formatDuration(report.durationMs)}`,
      ].join("\n"),
      quietText: shellPath(shown),
    };
  },
});
