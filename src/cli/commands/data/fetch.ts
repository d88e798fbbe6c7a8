/** `pawprint data fetch`: data versions from a remote into the cache; public sets from their publishers. */

import { AppError } from "../../../base/errors.ts";
import { formatBytes } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { fetchPublicSet, type PublicSet, publicSets } from "../../../dataset/public-sets.ts";
import { fetchData } from "../../../versioning/remotes/transfer-data.ts";
import { findRepository, openRepository } from "../../../versioning/repo/open-repository.ts";
import { type CommandContext, type CommandReport, defineCommand } from "../../frame/command.ts";
import { type Style, table } from "../../frame/console.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { transferText } from "../../text/transfer-text.ts";
import { transferFrom, transferOptions } from "./transfer-options.ts";

export const command = defineCommand({
  description: `In a DVC repository it brings data versions from a remote into the cache; data pull also checks them out. With the name of a public set it downloads
that set, whose files are accepted only with the SHA-256 that was published. Outside a repository and without a name it lists the sets.`,
  arguments: [
    {
      name: "names",
      doc: "mnist or cats-vs-dogs; or paths of data, .dvc files, stages: everything unless given",
      optional: true,
      variadic: true,
    },
  ],
  options: [
    { name: "to", type: "string", placeholder: "FOLDER", doc: "where a public set goes; data/NAME unless given" },
    ...transferOptions,
  ],
  examples: [
    { line: "pawprint data fetch", doc: "data versions; outside a repository the list of public sets" },
    { line: "pawprint data fetch data/raw --all-tags", doc: "one folder, in the versions of all tags" },
    { line: "pawprint data fetch mnist", doc: "four files into data/mnist" },
    { line: "pawprint data fetch cats-vs-dogs --to /big/disk/pets", doc: "787 MB to another place" },
  ],
  leavesFiles: true,
  again: "it goes on where it ended",
  async run(context, { names }, { to, ...options }) {
    const { cwd, style } = context;
    const [name] = names;
    if (name !== undefined && (Object.hasOwn(publicSets, name) || to !== undefined)) {
      if (names.length > 1) {
        throw new AppError("CLI_USAGE", { required: "one public set", received: `${names.length} names` });
      }
      return fetchSet(context, name, to);
    }
    if ((await findRepository(cwd)) === undefined) {
      if (name !== undefined) return fetchSet(context, name, to);
      return { result: { sets: publicSets }, text: listText(style), next: style.cyan("pawprint data fetch NAME") };
    }
    const report = await fetchData(await openRepository(cwd), names, transferFrom(context, options));
    return {
      result: report,
      text: transferText(report, "Fetched"),
      next: `${style.cyan("pawprint data checkout")} brings it into the work tree`,
    };
  },
});

async function fetchSet(
  { cwd, style, signal, progress }: CommandContext,
  name: string,
  folder: string | undefined,
): Promise<CommandReport> {
  const to = pathFrom(cwd, folder ?? `data/${name}`);
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
}

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
