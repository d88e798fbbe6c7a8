/** `pawprint sweep collect`: ranks what the pods of a sweep left. */

import { visibleText } from "../../../../base/visible-text.ts";
import { openStore } from "../../../../storage/open-store.ts";
import { collectTrials } from "../../../../train/sweep/trial-results.ts";
import { defineCommand } from "../../../frame/command.ts";
import { sweepTable } from "../../../text/sweep-text.ts";

export const command = defineCommand({
  description: `Ranks the results below the address that the pods were given, as a sweep in one place ranks its own, and names the trials that failed or left
nothing. Can be run while the Job is under way.`,
  arguments: [{ name: "address", doc: "s3://bucket/prefix, or a folder with the same files" }],
  options: [],
  examples: [{ line: "pawprint sweep collect s3://pets/sweeps/1", doc: "the ranking so far" }],
  async run({ cwd, signal, style }, { address }) {
    const store = await openStore(address, cwd);
    try {
      const { sweep, trials, missing } = await collectTrials(store, { signal });
      const results = trials.map(({ result, bundle }) => ({
        ...result,
        ...(bundle && { bundle: store.addressOf(bundle.key) }),
      }));
      const failed = results.filter(({ error }) => error !== undefined).map(({ trial }) => trial);
      const best = results[0]?.error === undefined ? results[0]?.bundle : undefined;
      return {
        result: { address: store.addressOf(""), trials: sweep.trials, results, failed, missing },
        text: [
          sweepTable(results, Object.keys(sweep.search)),
          "",
          best === undefined ? style.red("no trial finished") : `${style.bold("Best")}     ${visibleText(best)}`,
          ...(failed.length === 0 ? [] : [`${style.bold("Failed")}   ${numbersText(failed, sweep.trials)}`]),
          ...(missing.length === 0 ? [] : [`${style.bold("Missing")}  ${numbersText(missing, sweep.trials)}`]),
        ].join("\n"),
        quietText: best ?? "",
        exitCode: best === undefined ? 1 : 0,
      };
    } finally {
      await store.close();
    }
  },
});

/** `trials 3, 7 to 9 (4 of 12)` for ascending or unordered numbers. */
function numbersText(numbers: readonly number[], of: number): string {
  const ranges: { from: number; to: number }[] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.to === number - 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  const shown = ranges.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`));
  return `trials ${shown.join(", ")} (${numbers.length} of ${of})`;
}
