/** `pawprint backbone list`: the catalogue of public backbones, and what of it is there. */

import { formatBytes } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { backbonesFolder, type ListedBackbone, listBackbones } from "../../../train/transfer/backbone-files.ts";
import { defineCommand } from "../../frame/command.ts";
import { rightColumn, type Style, table, wrap } from "../../frame/console.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { formatCount } from "../../text/backbone-text.ts";

export const command = defineCommand({
  description: `Backbones are networks that were trained on ImageNet; train --backbone puts a classifier of your own on one. The files of the
catalogue are known by their SHA-256. The accuracies are those that their publishers state for ImageNet's 1,000 classes.`,
  arguments: [],
  options: [
    {
      name: "to",
      type: "string",
      placeholder: "FOLDER",
      doc: `where fetched ones are; ${backbonesFolder} unless given`,
    },
  ],
  examples: [
    { line: "pawprint backbone list", doc: "what there is, and what was fetched" },
    { line: "pawprint backbone list --json", doc: "with addresses, hashes, recipes and the source of every figure" },
  ],
  async run({ cwd, style, width }, _arguments, { to }) {
    const folder = pathFrom(cwd, to ?? backbonesFolder);
    const backbones = await listBackbones(folder);
    const [first] = backbones.filter(({ path }) => path !== undefined);
    const next =
      first === undefined
        ? style.cyan("pawprint backbone fetch NAME")
        : style.cyan(`pawprint train --data SOURCE --backbone ${shellPath(shownPath(cwd, first.path!))}`);
    return { result: { folder, backbones }, text: listText(backbones, style, width), next };
  },
});

const columns = [
  "NAME",
  rightColumn("SIZE"),
  rightColumn("WEIGHTS"),
  rightColumn("MADDS"),
  rightColumn("TOP-1"),
  "LICENCE",
  "STATE",
];

function listText(backbones: readonly ListedBackbone[], style: Style, width: number): string {
  const rows = backbones.map(({ name, sizeBytes, parameters, multiplyAdds, top1, licence = "not stated", ...row }) => [
    style.bold(name),
    formatBytes(sizeBytes),
    parameters === undefined ? "-" : formatCount(parameters),
    multiplyAdds === undefined ? "-" : formatCount(multiplyAdds),
    top1 === undefined ? "-" : `${top1.toFixed(1)}%`,
    licence,
    stateOf(row, style),
  ]);
  const notes = [
    "untested: the publisher's hash, recipe and figures; nobody here has run the file.",
    "no URL: put the file into the folder yourself; fetch then checks it and writes its side-car file.",
  ].filter((note) => rows.some((row) => row.at(-1)!.includes(note.split(":")[0]!)));
  const legend = "MADDS: multiply-adds for one picture; with the weights, up to the features.";
  return [table(columns, rows), "", style.dim(legend), ...notes.map((note) => style.dim(wrap(note, width)))]
    .join("\n")
    .trimEnd();
}

function stateOf(
  { path, isInCatalogue, isTested, urls = [] }: Omit<ListedBackbone, "name" | "sizeBytes">,
  style: Style,
) {
  if (path !== undefined) return style.green(isInCatalogue ? "there" : "own");
  return [urls.length === 0 ? "no URL" : undefined, isTested ? undefined : "untested"].filter(Boolean).join(", ");
}
