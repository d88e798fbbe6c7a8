/** Results of checks as JUnit XML, which build servers read. */
import { escapeText } from "../../base/markup-text.ts";

export interface JunitCase {
  readonly name: string;
  readonly ms: number;
  /** What was wrong. */
  readonly fault?: string;
}

/** One suite; names and faults are escaped. */
export function junitText(suite: string, cases: readonly JunitCase[]): string {
  const seconds = (ms: number): string => (ms / 1000).toFixed(3);
  const failures = cases.filter(({ fault }) => fault !== undefined).length;
  const total = seconds(cases.reduce((sum, { ms }) => sum + ms, 0));
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" time="${total}"`;
  const rows = cases.map(({ name, ms, fault }) => {
    const head = `    <testcase classname="pawprint.smoke" name="${escapeText(name)}" time="${seconds(ms)}"`;
    return fault === undefined
      ? `${head}/>`
      : `${head}>\n      <failure message="${escapeText(fault)}"/>\n    </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escapeText(suite)}" ${counts}>`,
    ...rows,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}
