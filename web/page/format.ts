/** Formats numbers and dates. */

/** "98.1 %". Shares near 0 and 1 are not rounded to them. */
export function percent(share: number): string {
  if (share > 0 && share < 0.0005) return "< 0.1\u00a0%";
  if (share < 1 && share >= 0.9995) return "> 99.9\u00a0%";
  return `${(share * 100).toFixed(1)}\u00a0%`;
}

/** The same within a sentence: "over 99.9 %". */
export function percentInWords(share: number): string {
  return percent(share).replace("> ", "over ").replace("< ", "under ");
}

/** "0.42 ms", "2.4 ms", "31 ms", "1.2 s". */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)}\u00a0s`;
  return `${ms.toFixed(ms < 1 ? 2 : ms < 10 ? 1 : 0)}\u00a0ms`;
}

/** "16.8 MB", in thousands as file managers count. */
export function fileSize(bytes: number): string {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)}\u00a0MB`;
  return `${Math.max(1, Math.round(bytes / 1000))}\u00a0kB`;
}

/** "10,000". */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** "23 Nov 2026, 12:49" in the reader's time zone; the text itself where it is no date. */
export function dateTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(date);
}

/** "cat", "cat and dog", "cat, dog and fox"; of more than twelve the first six are named. */
export function listing(words: readonly string[]): string {
  if (words.length > 12) return `${words.slice(0, 6).join(", ")} and ${count(words.length - 6)} more`;
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
