/** `pawprint data restore`: undoes what `data check --fix` did. */
import { restoreQuarantine } from "../../../dataset/inspection/quarantine/restore-quarantine.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { restoreText } from "../../text/quarantine-text.ts";

export const command = defineCommand({
  description: `Every picture is compared with the SHA-256 in the log before it goes back, and no file that has taken its place is
overwritten. It may be run again at any time; the log stays. The exit code is 1 where a picture could not be put back.`,
  arguments: [{ name: "folder", doc: "the quarantine that data check --fix printed: a folder with a log.jsonl" }],
  options: [],
  examples: [{ line: "pawprint data restore data/raw.quarantine/2026-05-01T12-30-05", doc: "undo one --fix" }],
  leavesFiles: true,
  again: "pictures that were put back are passed over",
  async run({ cwd, style, signal, progress }, { folder }) {
    const report = await restoreQuarantine(pathFrom(cwd, folder), { progress, signal });
    return {
      result: report,
      text: restoreText(report, shownPath(cwd, report.source), style),
      exitCode: report.refused.length > 0 ? 1 : 0,
    };
  },
});
