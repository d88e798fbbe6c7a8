/**
 * Markdown as people write model cards, as HTML: headings, paragraphs, lists, tables, code, strong,
 * emphasis and links. All else, HTML above all, is shown as it is written.
 */
import { type Html, html } from "../../report/page/html.ts";

/** Blocks of a text without its front matter and comments. */
export function markdownHtml(markdown: string): Html {
  const lines = withoutComments(markdown).split("\n");
  const blocks: Html[] = [];
  for (let at = 0; at < lines.length; ) {
    const { block, next } = blockAt(lines, at);
    if (block) blocks.push(block);
    at = next;
  }
  return html`${blocks}`;
}

/** The parts of a card that begin with a heading of the second level; none begins inside code. */
export function markdownSections(markdown: string): readonly { readonly title: string; readonly body: string }[] {
  const found: { title: string; lines: string[] }[] = [];
  let fence: string | undefined;
  for (const line of markdown.replaceAll("\r\n", "\n").split("\n")) {
    const [, title] = fence === undefined ? (/^## +(.*?) *$/.exec(line) ?? []) : [];
    if (title !== undefined) found.push({ title: title.replace(/\\([!-/:-@[-`{-~])/g, "$1"), lines: [] });
    else found.at(-1)?.lines.push(line);
    const mark = starts.fence.exec(line)?.[1];
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence) && /^(`+|~+)\s*$/.test(line)) fence = undefined;
  }
  return found.map(({ title, lines }) => ({ title, body: lines.join("\n") }));
}

/** What stands in a line: code, strong, emphasis, links and escapes. */
export function inlineHtml(text: string): Html {
  const parts: Html[] = [];
  let rest = 0;
  for (const found of text.matchAll(inline)) {
    parts.push(html`${text.slice(rest, found.index)}${markedHtml(found)}`);
    rest = found.index + found[0].length;
  }
  return html`${parts}${text.slice(rest)}`;
}

const comment = /^[ \t]*<!--(?:(?!-->)[\s\S]){0,10000}-->[ \t]*$/gm;
const frontMatter = /^---\n[\s\S]*?\n---\n/;

function withoutComments(markdown: string): string {
  return markdown.replaceAll("\r\n", "\n").replace(frontMatter, "").replace(comment, "");
}

interface Block {
  readonly block?: Html;
  /** The line after it. */
  readonly next: number;
}

const starts = {
  heading: /^(#{1,6}) +(.*?)(?: +#+)? *$/,
  fence: /^(`{3,}|~{3,})/,
  item: /^ {0,3}(?:[-*+]|\d{1,9}[.)]) +/,
};

function blockAt(lines: readonly string[], at: number): Block {
  const line = lines[at] ?? "";
  if (line.trim() === "") return { next: at + 1 };
  const [, hashes = "", title = ""] = starts.heading.exec(line) ?? [];
  if (hashes !== "") return { block: headingHtml(hashes.length, inlineHtml(title)), next: at + 1 };
  const fence = starts.fence.exec(line)?.[1];
  if (fence !== undefined) return codeAt(lines, at, fence);
  if (isTableAt(lines, at)) return tableAt(lines, at);
  if (starts.item.test(line)) return listAt(lines, at);
  const next = endOf(lines, at + 1, (other) => isText(other));
  return { block: html`<p>${inlineHtml(lines.slice(at, next).join("\n"))}</p>\n`, next };
}

/** The first line from `at` on that does not belong. */
function endOf(lines: readonly string[], at: number, belongs: (line: string) => boolean): number {
  let next = at;
  while (next < lines.length && belongs(lines[next]!)) next++;
  return next;
}

/** Whether a line goes on a paragraph. */
function isText(line: string): boolean {
  return line.trim() !== "" && !Object.values(starts).some((start) => start.test(line));
}

function headingHtml(level: number, title: Html): Html {
  return level <= 3 ? html`<h3>${title}</h3>\n` : html`<h4>${title}</h4>\n`;
}

function codeAt(lines: readonly string[], at: number, fence: string): Block {
  const end = endOf(lines, at + 1, (line) => !(line.startsWith(fence) && /^(`+|~+)\s*$/.test(line)));
  return {
    block: html`<pre class="command"><code>${lines.slice(at + 1, end).join("\n")}</code></pre>\n`,
    next: end + 1,
  };
}

function listAt(lines: readonly string[], at: number): Block {
  const end = endOf(lines, at, (line) => starts.item.test(line) || (isText(line) && /^\s/.test(line)));
  const items = lines
    .slice(at, end)
    .join("\n")
    .split(/\n(?= {0,3}(?:[-*+]|\d{1,9}[.)]) +)/);
  const body = items.map((item) => html`<li>${inlineHtml(item.replace(starts.item, ""))}</li>\n`);
  return { block: /^ {0,3}\d/.test(lines[at]!) ? html`<ol>${body}</ol>\n` : html`<ul>${body}</ul>\n`, next: end };
}

function isTableAt(lines: readonly string[], at: number): boolean {
  return (
    lines[at]!.includes("|") &&
    /^ *\|?(?: *:?-+:? *\|)* *:?-+:? *\|? *$/.test(lines[at + 1] ?? "") &&
    (lines[at + 1] ?? "").includes("|")
  );
}

function tableAt(lines: readonly string[], at: number): Block {
  const end = endOf(lines, at + 2, (line) => line.includes("|"));
  const head = cellsOf(lines[at]!);
  const rows = lines.slice(at + 2, end).map(cellsOf);
  const hasHead = head.some((cell) => cell !== "");
  const block = html`<div class="scroll"><table style="width:auto">
${hasHead && html`<thead><tr>${head.map((cell) => html`<th>${inlineHtml(cell)}</th>`)}</tr></thead>`}
<tbody>${rows.map(
    (cells) =>
      html`<tr>${cells.map((cell, column) =>
        column === 0 ? html`<th scope="row">${inlineHtml(cell)}</th>` : html`<td>${inlineHtml(cell)}</td>`,
      )}</tr>
`,
  )}</tbody></table></div>
`;
  return { block, next: end };
}

/** Divided by the bars that are not escaped. */
function cellsOf(line: string): string[] {
  const cells = [
    ...line
      .trim()
      .replace(/^\|/, "")
      .matchAll(/((?:\\[\s\S]|[^|\\])*)(?:\||$)/g),
  ].map(([, cell = ""]) => cell.trim());
  if (cells.at(-1) === "") cells.pop();
  return cells;
}

const inline =
  /\\([!-/:-@[-`{-~])|(`+)(?!`)([\s\S]{1,4000}?)(?<!`)\2(?!`)|\*\*(?=\S)([^*\n]{1,2000})\*\*|(?<!\w)([*_])(?=\S)([^*_\n]{1,2000})\5(?!\w)|\[([^\]\n]{1,1000})\]\((https?:\/\/[^\s()<>]{1,2000}|mailto:[^\s()<>]{1,300})\)/g;

function markedHtml([, escaped, , code, strong, , emphasis, label, address]: RegExpExecArray): Html {
  if (escaped !== undefined) return html`${escaped}`;
  if (code !== undefined) return html`<code>${code.replaceAll("\\|", "|").replace(/^ (.*) $/s, "$1")}</code>`;
  if (strong !== undefined) return html`<strong>${inlineHtml(strong)}</strong>`;
  if (emphasis !== undefined) return html`<em>${inlineHtml(emphasis)}</em>`;
  return html`<a href="${address}" rel="noreferrer">${inlineHtml(label ?? "")}</a>`;
}
