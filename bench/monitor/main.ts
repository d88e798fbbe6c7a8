/**
 * npm run bench:monitor [-- --json] [-- --only logging|report] [-- --rounds N] [-- --seconds S] [-- --rows N]
 *
 * What monitoring costs: requests a second of a service with a prediction log against without; and
 * a report over a million predictions against the same figures by Evidently.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { printBenchmark } from "../report.ts";
import { measureLoggingCost } from "./logging-cost.ts";
import { measureReportCost } from "./report-cost.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "4" },
    rows: { type: "string", default: "1000000" },
    only: { type: "string" },
  },
});
const log = (text: string) => process.stderr.write(`${text}\n`);
const scratch = await mkdtemp(join(tmpdir(), "pawprint-monitor-"));
try {
  const { only } = options;
  const rounds = Number(options.rounds);
  const results = [
    ...(only === "report" ? [] : await measureLoggingCost({ scratch, rounds, seconds: Number(options.seconds), log })),
    ...(only === "logging"
      ? []
      : await measureReportCost({ scratch, rounds: Math.min(3, rounds), rows: Number(options.rows), log })),
  ];
  printBenchmark({ name: "monitor", results }, options.json);
} finally {
  await rm(scratch, { recursive: true, force: true });
}
