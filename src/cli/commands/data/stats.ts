/** `pawprint data stats`: what labelled pictures look like in figures. */
import { describeSkipped, tellRemarks } from "../../../dataset/describe-skipped.ts";
import { scanSource } from "../../../dataset/inspection/scan/scan-source.ts";
import { summarizePictures } from "../../../dataset/inspection/statistics.ts";
import { openSource } from "../../../dataset/sources/open-source.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom } from "../../paths.ts";
import { readingFrom, readingOptions } from "../../pawprint-config.ts";
import { statisticsText } from "../../text/statistics-text.ts";

export const command = defineCommand({
  arguments: [
    {
      name: "source",
      doc: "a folder, archive or manifest of labelled pictures, idx or CIFAR files, or an s3:// address",
    },
  ],
  options: [...readingOptions],
  examples: [
    { line: "pawprint data stats pictures", doc: "as text" },
    { line: "pawprint data stats cats-dogs.zip --json", doc: "for a program" },
  ],
  async run({ cwd, style, signal, progress, logger }, { source: given }, options) {
    const source = await openSource(pathFrom(cwd, given), readingFrom(cwd, options));
    try {
      const { pictures, skipped } = await scanSource(source, { progress, signal });
      const statistics = summarizePictures(pictures.map(({ facts }) => facts));
      const { kind, location } = source;
      const { remarks } = source;
      for (const line of describeSkipped(skipped, pictures.length + skipped.length)) logger.warn(line);
      tellRemarks(remarks, logger);
      return {
        result: { source: { kind, location }, ...statistics, skipped, remarks },
        text: statisticsText(statistics, style),
      };
    } finally {
      await source.close();
    }
  },
});
