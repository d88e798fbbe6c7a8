/** Where YAML is written: pieces of text, and what decides on blanks and line feeds between them. */

/** Columns after which lines are folded. */
export const yamlWidth = 80;

export class YamlSink {
  readonly #pieces: string[] = [];
  /** In characters, from 0. */
  column = 0;
  /** Where entries of the block under way begin. */
  indent = 0;
  /** Inside [ ] or { }. */
  flowDepth = 0;
  /** Whether the last thing written was a blank or a line feed. */
  isBehindBlank = true;
  /** Whether nothing but indentation and dashes are on the line. */
  isInIndentation = true;
  /** The next entry begins on this line: a comment ended the one before. */
  isLineDone = false;

  get text(): string {
    return this.#pieces.join("");
  }

  put(text: string, length = text.length): void {
    this.#pieces.push(text);
    this.column += length;
  }

  putCharacters(characters: readonly string[]): void {
    this.put(characters.join(""), characters.length);
  }

  /** `-`, `:`, a quote, a bracket: with a blank before where one is needed. */
  indicator(mark: string, needsBlank: boolean, after: { isBlank?: boolean; isIndentation?: boolean } = {}): void {
    this.put(this.isBehindBlank || !needsBlank ? mark : ` ${mark}`);
    this.isBehindBlank = after.isBlank === true;
    this.isInIndentation = this.isInIndentation && after.isIndentation === true;
  }

  lineBreak(mark = "\n"): void {
    this.#pieces.push(mark);
    this.isBehindBlank = this.isInIndentation = true;
    this.column = 0;
  }

  /** To the column of the block: on this line where that can be, else on the next. */
  toIndent(): void {
    const { column, indent } = this;
    if (!this.isInIndentation || column > indent || (column === indent && !this.isBehindBlank)) {
      if (this.isLineDone) this.isLineDone = false;
      else this.lineBreak();
    }
    if (this.column >= indent) return;
    this.isBehindBlank = true;
    this.put(" ".repeat(indent - this.column));
  }

  /** A line of a folded text ends here. */
  fold(): void {
    this.toIndent();
    this.isBehindBlank = this.isInIndentation = false;
  }
}
