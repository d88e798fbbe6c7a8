/**
 * A model card as Markdown, after the model cards of Hugging Face: front matter, parts made from
 * facts between comments, and sections that people write.
 */
import { AppError } from "../../base/errors.ts";
import { yamlText } from "../../bundle/mlflow-model/yaml-text.ts";
import type { CardFacts } from "./card-facts.ts";
import { type GeneratedPart, generatedParts, partMakers } from "./card-sections.ts";
import { markdownSections } from "./markdown-html.ts";
import { markdownText } from "./markdown-text.ts";

/** A section of a new card: a made part, a question to people, or both. */
interface Section {
  readonly title: string;
  readonly part?: GeneratedPart;
  /** What people should write. */
  readonly question?: string;
}

const sections: readonly Section[] = [
  { title: "Model", part: "model" },
  { title: "Intended use", question: "who uses this model, on which pictures, and for which decisions" },
  {
    title: "Out of scope",
    question: "uses that the model was not made for, and decisions that it must not make alone",
  },
  {
    title: "Data",
    part: "data",
    question: "where the pictures come from, who labelled them, and whom or what they leave out",
  },
  { title: "Training", part: "training" },
  { title: "Evaluation", part: "evaluation" },
  { title: "Slices", part: "slices" },
  {
    title: "Limits",
    part: "limits",
    question: "situations in which the model is known to be wrong, and what follows from that",
  },
  { title: "Licence", question: "under which licence the model and its pictures may be used" },
  { title: "How to call it", part: "call" },
  { title: "Lineage", part: "lineage" },
];

const placeholderStart = "_To be written:";

/** Whole lines, so that no text inside a line can be taken for one. */
const marker = /^<!-- (?:pawprint:generated ([a-z-]{1,40})|(\/pawprint:generated)) -->[ \t]*$/gm;

/**
 * The card; where there is one already, only what stands between its comments is made anew, and
 * everything else stays as people wrote it; `where` is its name in errors. Parts that it no longer has are not added again.
 * Errors: FILE_EXISTS for a text that is no model card, or whose comments do not pair.
 */
export function renderModelCard(facts: CardFacts, existing?: string, where = "the card"): string {
  if (existing === undefined || existing.trim() === "") return newCard(facts);
  return updatedCard(facts, existing.replaceAll("\r\n", "\n"), where);
}

/** Titles of the sections that still hold the question to people. */
export function unwrittenSections(markdown: string): readonly string[] {
  return markdownSections(markdown)
    .filter(({ body }) => body.split("\n").some((line) => line.startsWith(placeholderStart)))
    .map(({ title }) => title);
}

function newCard(facts: CardFacts): string {
  const body = sections.map(({ title, part, question }) =>
    [
      `## ${title}`,
      ...(part ? [generated(part, facts)] : []),
      ...(question ? [`${placeholderStart} ${question}._`] : []),
    ].join("\n\n"),
  );
  return `${frontMatter()}\n# Model card: ${markdownText(facts.name)}\n\n${body.join("\n\n")}\n`;
}

/** Keys that Hugging Face reads; people change them, so they are written once. */
function frontMatter(): string {
  const text = yamlText({
    license: "unknown",
    pipeline_tag: "image-classification",
    library_name: "onnx",
    tags: ["image-classification", "onnx", "pawprint"],
    metrics: ["accuracy", "f1"],
  });
  return `---\n${text}---\n`;
}

function generated(part: GeneratedPart, facts: CardFacts): string {
  return `<!-- pawprint:generated ${part} -->\n\n${partMakers[part](facts)}\n\n<!-- /pawprint:generated -->`;
}

function updatedCard(facts: CardFacts, existing: string, where: string): string {
  const pieces: string[] = [];
  let written = 0;
  let open: RegExpExecArray | undefined;
  for (const found of existing.matchAll(marker)) {
    const [, name] = found;
    if ((name === undefined) !== (open !== undefined)) throw notPaired(open?.[1] ?? name ?? "", where);
    if (name !== undefined) {
      pieces.push(existing.slice(written, found.index));
      open = found;
      continue;
    }
    const end = found.index + found[0].length;
    const part = generatedParts.find((known) => known === open?.[1]);
    // A part of another version of Pawprint stays.
    pieces.push(part ? generated(part, facts) : existing.slice(open?.index, end));
    written = end;
    open = undefined;
  }
  if (open) throw notPaired(open[1] ?? "", where);
  if (pieces.length === 0) {
    throw new AppError("FILE_EXISTS", {
      required: "a model card with parts between <!-- pawprint:generated --> comments, or no file",
      received: "other text",
      where,
      hint: "write the card to a file of its own",
    });
  }
  return [...pieces, existing.slice(written)].join("");
}

function notPaired(name: string, where: string): AppError {
  return new AppError("FILE_EXISTS", {
    required: "a model card whose generated parts each begin and end with their comment",
    received: name === "" ? "an end without a beginning" : `part '${name}' without its end`,
    where,
    hint: "put the line <!-- /pawprint:generated --> back behind the part, or write the card to another file",
  });
}
