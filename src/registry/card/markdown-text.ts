/** Text from outside, and tables of it, as Markdown that means nothing else. */
import { visibleText } from "../../base/visible-text.ts";

/** Text in a paragraph, a list or a table: no character of it is markup, a link or a comment. */
export function markdownText(text: string): string {
  return visibleText(text)
    .replace(/[\\`*_{}[\]<>#|!~&$@^]/g, "\\$&")
    .replace(/:(?=\/\/)/g, "\\:")
    .replace(/^(\s*)([-+=])/, "$1\\$2")
    .replace(/^(\s*\d+)(?=[.)](\s|$))/, "$1\\")
    .replace(/\b(www)\./gi, "$1\\.");
}

/** A code span that ends where the text ends. */
export function markdownCode(text: string): string {
  const shown = visibleText(text).replaceAll("|", "\\|");
  const fence = "`".repeat(longestRun(shown) + 1);
  return shown.includes("`") || shown === "" ? `${fence} ${shown} ${fence}` : `${fence}${shown}${fence}`;
}

/** A block of code. */
export function markdownFence(language: string, code: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(code) + 1));
  return `${fence}${language}\n${code}\n${fence}`;
}

/** A table of cells that are Markdown already. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
