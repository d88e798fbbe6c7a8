/** The names of the metrics that the service exports, as its own code renders them. */
import { createMetrics } from "../../../src/server/observability/metrics.ts";

/** Names as they stand in a scrape; of histograms also those of their buckets, sums and counts. */
export async function exportedMetrics(): Promise<ReadonlySet<string>> {
  const metrics = createMetrics({
    queuedPictures: () => 0,
    waitingRequests: () => 0,
    isReady: () => true,
    unwrittenPredictions: () => 0,
    unwrittenPictures: () => 0,
  });
  try {
    const names = new Set<string>();
    for (const [, name, type] of (await metrics.render()).matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      if (name === undefined) continue;
      if (type !== "histogram" && type !== "summary") names.add(name);
      else for (const suffix of ["_bucket", "_sum", "_count"]) names.add(`${name}${suffix}`);
    }
    return names;
  } finally {
    metrics.close();
  }
}

const words = new Set(["and", "or", "unless", "on", "by", "without", "ignoring", "group_left", "group_right", "bool"]);

/** The names of series that an expression asks for: what is no function, label, text or number in it. */
export function seriesOf(expression: string): string[] {
  const bare = expression
    .replace(/"[^"]*"/g, "")
    .replace(/\{[^}]*\}/g, "")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, "");
  const names = [...bare.matchAll(/(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g)].map(([name]) => name);
  return [...new Set(names)].filter((name) => !words.has(name) && !/^(sum|max|min|avg|count)$/.test(name));
}
