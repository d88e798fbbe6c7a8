/** `pawprint data import`: labelled pictures from anywhere into one folder. */

import { join } from "node:path";
import { formatBytes } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { describeSkipped, tellRemarks } from "../../../dataset/describe-skipped.ts";
import { type ImportReport, importSource } from "../../../dataset/import-source.ts";
import { openSource } from "../../../dataset/sources/open-source.ts";
import { defineCommand } from "../../frame/command.ts";
import { table } from "../../frame/console.ts";
import { pathFrom, shownName, shownPath } from "../../paths.ts";
import { readingFrom, readingOptions } from "../../pawprint-config.ts";

export const command = defineCommand({
  description: `Makes a folder for each class (inside train/, val/ and test/ where the source gives splits). Files are copied byte by byte; digits and the like
become PNG. The folder appears when it is complete; an interrupted import resumes when it is run again.`,
  arguments: [
    {
      name: "source",
      doc: "a folder, .zip, .tar(.gz), manifest (.csv, .jsonl), idx or CIFAR-10 files, or s3://BUCKET/PREFIX",
    },
  ],
  options: [
    { name: "to", type: "string", default: "data/raw", placeholder: "FOLDER", doc: "the folder to make" },
    { name: "force", short: "f", type: "boolean", doc: "replace an existing folder" },
    ...readingOptions,
  ],
  examples: [
    { line: "pawprint data import pets.tar.gz", doc: "into data/raw" },
    { line: "pawprint data import labels.csv --to data/pets", doc: "a manifest of path,label[,split] lines" },
    {
      line: "pawprint data import s3://bucket/pets --to data/pets --force",
      doc: "an S3 prefix, replacing the folder",
    },
  ],
  leavesFiles: true,
  again: "files that were copied are kept",
  async run({ cwd, style, signal, progress, logger }, { source: location }, { to, force, ...options }) {
    const folder = pathFrom(cwd, to);
    const source = await openSource(pathFrom(cwd, location), readingFrom(cwd, options));
    try {
      const report = await importSource(source, { to: folder, force, signal, progress });
      const { pictures, sizeBytes, classes, skipped, lostClasses, manifest } = report;
      tellRemarks(source.remarks, logger);
      for (const line of describeSkipped(skipped, pictures + skipped.length)) logger.warn(line);
      for (const { label, pictures: lost } of lostClasses.slice(0, namedClasses)) {
        logger.warn(
          `class ${shownName(label)} is missing: ${lost === 1 ? "its picture was" : `all its ${lost} pictures were`} skipped`,
        );
      }
      if (lostClasses.length > namedClasses) {
        logger.warn(`${lostClasses.length - namedClasses} more classes are missing (--json lists them)`);
      }
      const hasSplits = classes.some(({ split }) => split !== undefined);
      const rows = classes.map(({ label, split, pictures: count }) => [
        ...(hasSplits ? [split ?? "-"] : []),
        label,
        String(count),
      ]);
      const shown = shownPath(cwd, folder);
      const read = shownPath(cwd, manifest === undefined ? folder : join(folder, manifest));
      const data = shellPath(read);
      return {
        result: report,
        text: [
          table([...(hasSplits ? ["SPLIT"] : []), "CLASS", { title: "PICTURES", align: "right" }], rows),
          "",
          `${style.bold("Imported")}  ${pictures} pictures, ${formatBytes(sizeBytes)}, into ${visibleText(shown)}`,
          ...renamedText(report),
        ].join("\n"),
        next: `${style.cyan(`pawprint data check ${data}`)}, then ${style.cyan(`pawprint train --data ${data}`)}`,
        quietText: read,
      };
    } finally {
      await source.close();
    }
  },
});

const namedClasses = 10;

/** What is not called as it was, and where the true labels are. */
function renamedText({ renamed, renamedFiles, manifest }: ImportReport): string[] {
  const more = renamed.length - namedClasses;
  return [
    ...renamed
      .slice(0, namedClasses)
      .map(({ label, folder }) => `Renamed   class ${shownName(label)} is in the folder ${shownName(folder)}`),
    ...(more > 0 ? [`Renamed   ${more} more classes (--json lists them)`] : []),
    ...(renamedFiles > 0 ? [`Renamed   ${renamedFiles} files`] : []),
    ...(manifest === undefined
      ? []
      : [`Manifest  ${manifest} in the folder keeps the labels and splits that folders cannot tell`]),
  ];
}
