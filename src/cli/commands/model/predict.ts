/** `pawprint predict`: classifies pictures with a bundle. */

import { AppError } from "../../../base/errors.ts";
import { visibleJson } from "../../../base/visible-text.ts";
import type { FilePrediction } from "../../../predict/predict-files.ts";
import { csvHead, csvRow, recordOf } from "../../../predict/prediction-formats.ts";
import { openPredictor } from "../../../wire/library.ts";
import { bundleAt, bundleDoc, placeOption } from "../../bundle-at.ts";
import { defineCommand } from "../../frame/command.ts";
import { fileText } from "../../text/prediction-text.ts";

export const command = defineCommand({
  description: `Folders are searched for pictures at any depth; what is left out there is printed. A picture that cannot be used gives a row with its error, and exit code 1 at
the end. With --csv and --json-lines rows come as they are computed.`,
  arguments: [
    { name: "model", doc: bundleDoc },
    { name: "pictures", doc: "picture files and folders", variadic: true },
  ],
  options: [
    { name: "csv", type: "boolean", doc: "print CSV: file, label, confidence, a column for each class, error" },
    { name: "jsonLines", type: "boolean", doc: "print one JSON object on a line for each picture" },
    { name: "top", short: "k", type: "integer", min: 1, placeholder: "K", doc: "show the K most likely classes only" },
    {
      name: "followLinks",
      type: "boolean",
      doc: "enter folders that are symbolic links, and read files that links lead to outside",
    },
    { name: "strict", type: "boolean", doc: "end at the first picture that cannot be used" },
    placeOption,
  ],
  examples: [
    { line: "pawprint predict models/cats-dogs.onnx cat.jpg", doc: "one picture, with a bar for each class" },
    { line: "pawprint predict models/cats-dogs.onnx holiday/ --csv", doc: "a whole folder, for a spreadsheet" },
    { line: "pawprint predict models/cats-dogs.onnx holiday/ --json --top 1", doc: "for a program" },
  ],
  async run(context, { model, pictures }, { csv, jsonLines, top, followLinks, strict, trackingUri }) {
    const { cwd, json, stdout, dataOut, style, signal, progress, logger } = context;
    if ([csv, jsonLines, json].filter(Boolean).length > 1) throw severalFormats();
    const { input, given } = await bundleAt(context, model, { trackingUri });
    const predictor = await openPredictor(input);
    const rows: ReturnType<typeof recordOf>[] = [];
    let count = 0;
    let failed = 0;
    const print = (row: FilePrediction): void => {
      if (json) rows.push(recordOf(row, top));
      else if (csv) dataOut(csvRow(row, predictor.info.labels));
      else if (jsonLines) stdout(`${visibleJson(recordOf(row, top))}\n`);
      else stdout(`${fileText(row, style, top)}\n`);
    };
    try {
      if (csv) dataOut(csvHead(predictor.info.labels));
      for await (const row of predictor.predictFiles(pictures, {
        cwd,
        strict,
        followLinks,
        signal,
        progress,
        logger,
      })) {
        count++;
        if (row.error !== undefined) failed++;
        print(row);
      }
    } finally {
      await predictor.close();
    }
    const isForPeople = !csv && !jsonLines;
    const text = isForPeople && count > 1 ? `\n${count} pictures, ${failed} could not be used` : "";
    return { result: { model: given, results: rows, count, failed }, text, exitCode: failed > 0 ? 1 : 0 };
  },
});

function severalFormats(): AppError {
  return new AppError("CLI_USAGE", {
    required: "one of --csv, --json-lines and --json",
    received: "several of them",
    where: "pawprint predict",
  });
}
