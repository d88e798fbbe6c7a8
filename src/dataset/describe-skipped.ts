/** The warning about pictures that were skipped. */
import type { SkippedPicture } from "./sources/source.ts";

/** As many are named before "and N more". */
export const namedSkipped = 10;

/**
 * Lines that name and count the pictures that were skipped, for a warning; none where there were
 * none.
 */
export function describeSkipped(skipped: readonly SkippedPicture[], total: number): string[] {
  if (skipped.length === 0) return [];
  const lines = skipped
    .slice(0, namedSkipped)
    .map(({ id, code, reason }) => `  ${JSON.stringify(id)}: ${reason} [${code}]`);
  const more = skipped.length - namedSkipped;
  return [
    `${skipped.length} of ${total} pictures were skipped:`,
    ...lines,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
