/**
 * One line of `.dvcignore` as DVC understands it: a pattern of `.gitignore`, where a pattern that
 * names a folder speaks of all below it too, also when it is negated (`!folder`).
 *
 * Matching takes time in proportion to the lengths of pattern and path: lines come from strangers.
 */

/** `**` stands for any number of folders. */
type Segment = "**" | readonly Token[];
/** `*`, `?`, a character, or a class of them. */
type Token = { readonly kind: "any" } | { readonly kind: "one"; matches(character: string): boolean };

export interface IgnorePattern {
  readonly isNegated: boolean;
  /** Of a line that ends in a slash. */
  readonly isForFolders: boolean;
  /** `parts` are a path's names from the repository's root. */
  matches(parts: readonly string[], isFolder: boolean): boolean;
}

/** Undefined for a blank line, a comment, and a pattern that matches nothing. */
export function parseIgnorePattern(raw: string, folder: string): IgnorePattern | undefined {
  const line = raw.trim();
  if (line === "" || line.startsWith("#")) return undefined;
  const isNegated = line.startsWith("!");
  const text = isNegated ? line.slice(1) : line;
  const isForFolders = text.endsWith("/");
  const segments = segmentsOf(text, folder);
  if (segments === undefined) return undefined;
  const isOpen = segments.at(-1) === "**" && segments.length > 1;
  const fixed = isOpen ? segments.slice(0, -1) : segments;
  return {
    isNegated,
    isForFolders,
    matches: (parts, isFolder) => matchesStart(fixed, parts, isOpen ? parts.length - (isFolder ? 0 : 1) : parts.length),
  };
}

function segmentsOf(text: string, folder: string): readonly Segment[] | undefined {
  const names = text.split("/");
  const isName = names.length === 1 || (names.length === 2 && names[1] === "");
  if (names[0] === "") names.shift();
  else if (isName && names[0] !== "**") names.unshift("**");
  if (names.length === 0 || (names.length === 1 && names[0] === "")) return undefined;
  if (names.at(-1) === "") names[names.length - 1] = "**";
  // A line in a folder below the root that has no slash in it speaks of all folders below that one.
  const isFlat =
    !text
      .replace(/^\*\*\//, "")
      .slice(0, -1)
      .includes("/") && names[0] !== "**";
  const below = folder === "" ? [] : folder.split("/").map(literal);
  const segments: Segment[] = [...below, ...(below.length > 0 && isFlat ? ["**" as const] : [])];
  for (const name of names) {
    if (name === "**" && segments.at(-1) === "**") continue;
    const segment = name === "**" ? name : globOf(name);
    if (segment === undefined) return undefined;
    segments.push(segment);
  }
  // "Every folder" at the root matches nothing in DVC.
  const isAny = (segment: Segment | undefined): boolean => segment?.length === 1 && segment[0] === any;
  const [first, second, third, ...more] = segments;
  const isEveryFolder =
    first === "**" &&
    more.length === 0 &&
    (second === undefined ? text.endsWith("/") : isAny(second) && third === "**");
  return isEveryFolder ? undefined : segments;
}

const any: Token = { kind: "any" };

function literal(name: string): readonly Token[] {
  return Array.from(name, (wanted) => ({ kind: "one", matches: (character) => character === wanted }));
}

/** Undefined for a class without its end, as Git drops such a pattern. */
function globOf(name: string): readonly Token[] | undefined {
  const characters = Array.from(name);
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === "*") {
      if (tokens.at(-1) !== any) tokens.push(any);
    } else if (character === "?") tokens.push({ kind: "one", matches: () => true });
    else if (character === "[") {
      const end = classEnd(characters, at);
      const token = end === -1 ? undefined : classOf(characters.slice(at + 1, end));
      if (token === undefined) return undefined;
      tokens.push(token);
      at = end;
    } else {
      const wanted = character === "\\" ? characters[++at] : character;
      if (wanted === undefined) return undefined;
      tokens.push({ kind: "one", matches: (other) => other === wanted });
    }
  }
  return tokens;
}

/** A bracket that stands first belongs to the class. */
function classEnd(characters: readonly string[], start: number): number {
  let at = start + 1;
  if (characters[at] === "!" || characters[at] === "^") at++;
  return characters.indexOf("]", at + 1);
}

function classOf(inside: readonly string[]): Token | undefined {
  const isNegated = inside[0] === "!" || inside[0] === "^";
  const body = inside
    .slice(isNegated ? 1 : 0)
    .join("")
    .replace(/[\\\]]/g, "\\$&");
  try {
    const pattern = new RegExp(`^[${isNegated ? "^" : ""}${body}]$`, "u");
    return { kind: "one", matches: (character) => pattern.test(character) };
  } catch {
    return undefined; // such as [z-a]
  }
}

/** Whether the segments match the first names of a path, at most `most` of them. */
function matchesStart(segments: readonly Segment[], parts: readonly string[], most: number): boolean {
  let reached: readonly number[] = [0];
  for (const segment of segments) {
    if (segment === "**") {
      const first = reached[0]!;
      reached = Array.from({ length: most - first + 1 }, (_, offset) => first + offset);
    } else {
      reached = reached.filter((at) => at < most && matchesName(segment, parts[at]!)).map((at) => at + 1);
    }
    if (reached.length === 0) return false;
  }
  return reached.some((at) => at <= most);
}

/** Goes back to the last `*` alone: what an earlier one took needs no second look. */
function matchesName(tokens: readonly Token[], name: string): boolean {
  const characters = Array.from(name);
  let token = 0;
  let at = 0;
  let star = -1;
  let taken = 0;
  while (at < characters.length) {
    const current = tokens[token];
    if (current?.kind === "any") {
      star = token++;
      taken = at;
    } else if (current?.matches(characters[at]!)) {
      token++;
      at++;
    } else if (star !== -1) {
      token = star + 1;
      at = ++taken;
    } else return false;
  }
  while (tokens[token]?.kind === "any") token++;
  return token === tokens.length;
}
