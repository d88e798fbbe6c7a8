/** SQL's LIKE: `%` is any number of characters, `_` is one. */

/**
 * Whether all of `text` is of the pattern. Goes back to the last `%` only, so that it takes
 * text.length * pattern.length steps at most.
 */
export function matchesPattern(text: string, pattern: string): boolean {
  let at = 0;
  let inPattern = 0;
  let lastPercent = -1;
  let retryAt = 0;
  while (at < text.length) {
    const wanted = pattern[inPattern];
    if (wanted === "%") {
      lastPercent = inPattern++;
      retryAt = at;
    } else if (wanted !== undefined && (wanted === "_" || wanted === text[at])) {
      inPattern++;
      at++;
    } else if (lastPercent >= 0) {
      inPattern = lastPercent + 1;
      at = ++retryAt;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === "%") inPattern++;
  return inPattern === pattern.length;
}
