/** `pawprint backbone fetch`: a pretrained model and its side-car file. */

import { formatBytes } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { knownBackbone } from "../../../nn/backbones/catalogue.ts";
import { backbonesFolder } from "../../../train/transfer/backbone-files.ts";
import type { FetchedBackbone } from "../../../train/transfer/fetch-backbone.ts";
import { fetchBackbone } from "../../../wire/library.ts";
import { defineCommand } from "../../frame/command.ts";
import { alignRows, type Style } from "../../frame/console.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { inputText } from "../../text/backbone-text.ts";

export const command = defineCommand({
  description: `Downloads go on where they ended, and a file is accepted only with its SHA-256. NAME.backbone.json beside it says how the model takes
pictures, its feature layer, its licence and its source, so that train --backbone needs nothing else.`,
  arguments: [{ name: "model", doc: "a name of backbone list, or https://HOST/NAME.onnx#sha256=HEX" }],
  options: [
    { name: "to", type: "string", placeholder: "FOLDER", doc: `where it goes; ${backbonesFolder} unless given` },
    { name: "licence", type: "string", placeholder: "SPDX", doc: "of a model at an address: Apache-2.0" },
    {
      name: "backboneInput",
      type: "string",
      placeholder: "RECIPE",
      doc: "how a model at an address takes pictures: imagenet, minus-one-to-one, zero-to-one or bytes, with nhwc, bgr or 299x299 behind it; or JSON",
    },
    { name: "layer", type: "string", placeholder: "NAME", doc: "the features of a model at an address" },
    { name: "force", type: "boolean", short: "f", doc: "replace a side-car file that says something else" },
  ],
  examples: [
    { line: "pawprint backbone fetch mobilenetv2-12", doc: "14 MB into models/backbones" },
    {
      line: "pawprint backbone fetch https://models.example.org/net.onnx#sha256=HEX --licence MIT --backbone-input imagenet",
      doc: "a model that is not in the catalogue",
    },
  ],
  leavesFiles: true,
  again: "it goes on where it ended",
  async run({ cwd, style, signal, progress }, { model }, { to, licence, backboneInput, layer, force }) {
    const fetched = await fetchBackbone(model, {
      to: pathFrom(cwd, to ?? backbonesFolder),
      force,
      signal,
      progress,
      ...(licence !== undefined && { licence }),
      ...(backboneInput !== undefined && { backboneInput }),
      ...(layer !== undefined && { layer }),
    });
    const shown = shellPath(shownPath(cwd, fetched.path));
    const isReady = fetched.card.input !== undefined;
    return {
      result: fetched,
      text: fetchedText(fetched, cwd, style),
      next: isReady
        ? `${style.cyan(`pawprint train --data SOURCE --backbone ${shown}`)}`
        : `${style.cyan(`pawprint backbone inspect ${shown}`)} says what has to be declared`,
      quietText: shownPath(cwd, fetched.path),
    };
  },
});

function fetchedText(
  { path, sizeBytes, status, card, cardPath, cardStatus }: FetchedBackbone,
  cwd: string,
  style: Style,
) {
  const known = card.sha256 === undefined ? undefined : knownBackbone(card.sha256);
  const states = {
    written: "written",
    present: "was there already",
    kept: "was there and says something else: kept; --force replaces it",
  };
  const rows: (readonly [string, string])[] = [
    [
      "file",
      `${shownPath(cwd, path)} (${formatBytes(sizeBytes)}): ${status === "present" ? "was there already, its SHA-256 is right" : "downloaded, its SHA-256 is right"}`,
    ],
    ["side-car file", `${shownPath(cwd, cardPath)}: ${states[cardStatus]}`],
    ["input", card.input === undefined ? "not declared" : inputText(card.input)],
    ["features", card.layer ?? "the most suitable layer"],
    ["licence", card.licence ?? "not stated"],
    ["source", card.source ?? "not stated"],
    ...(known?.isTested === false
      ? [["untested", "recipe and layer are the publisher's; nobody here has run this file"] as const]
      : []),
  ];
  return alignRows(rows.map(([name, value]) => [style.bold(name), value]));
}
