/** Words of a command line that a reader copies into a shell. */

/**
 * The word as a shell takes it: as it is where it holds no special character, else quoted. Double
 * quotes on Windows, whose shells share no others (`%` and `$` may still be expanded there); else
 * single quotes. PATH stands for a text that no line can hold (line breaks, controls).
 */
export function shellWord(word: string, platform: NodeJS.Platform = process.platform): string {
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(word)) return "PATH";
  if (platform === "win32") return /^[\p{L}\p{N}_.,/\\:@=+-]+$/u.test(word) ? word : `"${word}"`;
  return /^[\p{L}\p{N}_.,/:@=+-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A path as a word; one that begins with `-` gets `./` before it, so that it is no flag. */
export function shellPath(path: string, platform: NodeJS.Platform = process.platform): string {
  return shellWord(path.startsWith("-") ? `./${path}` : path, platform);
}
