/** `pawprint data fetch`: public sets of pictures from their publishers. */

import { formatBytes } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { fetchPublicSet, type PublicSet, publicSets } from "../../../dataset/public-sets.ts";
import { defineCommand } from "../../frame/command.ts";
import { type Style, table } from "../../frame/console.ts";
import { pathFrom, shownPath } from "../../paths.ts";

export const command = defineCommand({
  description: `Without a name it lists the sets. An interrupted download resumes when it is run again; a file is accepted
only if its SHA-256 is the published one.`,
  arguments: [{ name: "name", doc: "mnist or cats-vs-dogs", optional: true }],
  options: [{ name: "to", type: "string", placeholder: "FOLDER", doc: "where to; data/NAME unless given" }],
  examples: [
    { line: "pawprint data fetch", doc: "what there is" },
    { line: "pawprint data fetch mnist", doc: "four files into data/mnist" },
    { line: "pawprint data fetch cats-vs-dogs --to /big/disk/pets", doc: "787 MB to another place" },
  ],
  leavesFiles: true,
  again: "the download goes on where it ended",
  async run({ cwd, style, signal, progress }, { name }, options) {
    if (name === undefined) {
      return { result: { sets: publicSets }, text: listText(style), next: style.cyan("pawprint data fetch NAME") };
    }
    const to = pathFrom(cwd, options.to ?? `data/${name}`);
    const fetched = await fetchPublicSet(name, { to, signal, progress });
    const { licence, page } = publicSets[name]!;
    const shown = shownPath(cwd, fetched.location);
    const lines = fetched.files.map(({ path, sizeBytes, status }) => {
      return `  ${visibleText(shownPath(cwd, path))} (${formatBytes(sizeBytes)}): ${status === "present" ? "was there already" : "downloaded"}`;
    });
    return {
      result: { ...fetched, licence, page },
      text: [style.bold(`${name}, every file as it was published:`), ...lines, `Licence: ${licence} (${page})`].join(
        "\n",
      ),
      next: `${style.cyan(`pawprint data check ${shellPath(shown)}`)}, then ${style.cyan(`pawprint train --data ${shellPath(shown)}`)}`,
      quietText: shown,
    };
  },
});

function listText(style: Style): string {
  const sizeOf = ({ files }: PublicSet): number => files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const rows = Object.entries(publicSets).map(([name, set]) => [
    style.bold(name),
    formatBytes(sizeOf(set)),
    set.title,
    set.licence,
  ]);
  return `${table(["SET", { title: "SIZE", align: "right" }, "WHAT IT IS", "LICENCE"], rows)}\n`;
}
