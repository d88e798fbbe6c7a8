/** `pawprint backbone inspect`: what a model is as a backbone. */

import { shellPath } from "../../../base/shell-word.ts";
import { inspectBackbone } from "../../../wire/library.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { inspectionText, nextAfterInspection } from "../../text/backbone-inspection-text.ts";

export const command = defineCommand({
  description: `Nothing is run. Blocks are numbered from the end, as train --fine-tune counts them; a block ends where a single value is all that later
layers take. A bundle of train's is a backbone too.`,
  arguments: [{ name: "file", doc: "an ONNX model, or a bundle" }],
  options: [
    { name: "layer", type: "string", placeholder: "NAME", doc: "take this value as the features" },
    { name: "all", type: "boolean", doc: "every layer and every candidate, however many" },
  ],
  examples: [
    { line: "pawprint backbone inspect models/backbones/mobilenetv2-12.onnx", doc: "layers, blocks, features" },
    { line: "pawprint backbone inspect net.onnx --layer 464 --json", doc: "all of it, with these features" },
  ],
  async run({ cwd, style, width }, { file }, { layer, all }) {
    const path = pathFrom(cwd, file);
    const inspection = await inspectBackbone(path, layer === undefined ? {} : { layer });
    const shown = { ...inspection, path: shownPath(cwd, path) };
    const next = nextAfterInspection(inspection, shellPath(shown.path), layer);
    return {
      result: inspection,
      text: inspectionText(shown, { style, width, isWhole: all }),
      ...(next !== undefined && { next: style.cyan(next) }),
    };
  },
});
