/** Answers each line {"log"} with the seconds and the largest memory of a report with its page. */
import { createInterface } from "node:readline";
import { measureLog } from "../../src/monitor/measure-log.ts";
import { renderMonitorPage } from "../../src/monitor/page/monitor-page.ts";
import { openPredictionLog } from "../../src/prediction-log/open-prediction-log.ts";

for await (const line of createInterface({ input: process.stdin })) {
  const { log: path } = JSON.parse(line) as { log: string };
  const started = performance.now();
  const log = await openPredictionLog(path);
  const report = await measureLog(log);
  await log.close();
  const page = await renderMonitorPage(report, { version: "bench", now: new Date(0) });
  const answer = {
    seconds: (performance.now() - started) / 1000,
    // Of the process, whatever it did before: kilobytes.
    peakMB: process.resourceUsage().maxRSS / 1000,
    rows: report.count,
    labelled: report.labelled,
    accuracy: report.versions.map(({ labelled }) => labelled?.accuracy),
    shifts: report.versions.length === 1 ? report.versions[0]!.shifts : [],
    pageBytes: page.length,
  };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
