/** `pawprint data samples`: drawn pictures of cats and dogs, to try everything offline. */
import { shellPath } from "../../../base/shell-word.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { writeSampleSet } from "../../../image/sample-pictures.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom, shownPath } from "../../paths.ts";

export const command = defineCommand({
  description: `Draws pictures of cats and dogs, a folder for each: drawings, not photographs. The same numbers give the same pictures. A folder that holds
them already is left as it is.`,
  arguments: [],
  options: [
    { name: "to", type: "string", default: "data/samples", placeholder: "FOLDER", doc: "the folder to make" },
    { name: "perClass", type: "integer", min: 1, max: 100_000, default: 600, doc: "pictures of cats, and of dogs" },
    { name: "size", type: "integer", min: 16, max: 1024, default: 96, doc: "their width and height in pixels" },
    { name: "seed", type: "integer", min: 0, default: 1, doc: "another number gives other pictures" },
  ],
  examples: [
    { line: "pawprint data samples", doc: "1200 pictures in data/samples, as quickstart draws them" },
    { line: "pawprint data samples --to data/small --per-class 50", doc: "fewer, in another place" },
  ],
  leavesFiles: true,
  again: "it draws all of them again",
  async run({ cwd, signal, progress }, _args, { to, perClass, size: sizePx, seed }) {
    const folder = pathFrom(cwd, to);
    const set = await writeSampleSet(folder, { perClass, sizePx, seed, progress, signal });
    const shown = shownPath(cwd, folder);
    return {
      result: set,
      text: `${set.pictures} pictures in ${visibleText(shown)}${set.reused ? ", drawn before" : ""}`,
      next: `pawprint train --data ${shellPath(shown)}`,
      quietText: shown,
    };
  },
});
