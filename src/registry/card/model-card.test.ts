import { describe, expect, it } from "vitest";
import { tinyModel } from "../../../tests/support/tiny-bundle.ts";
import type { BundleFile } from "../../bundle/bundle-file.ts";
import type { Run } from "../../tracking/run.ts";
import type { ModelVersion } from "../model-registry.ts";
import type { CardFacts } from "./card-facts.ts";
import { markdownText } from "./markdown-text.ts";
import { renderModelCard, unwrittenSections } from "./model-card.ts";
import { renderModelCardPage } from "./model-card-page.ts";

const version: ModelVersion = {
  name: "cats-dogs",
  version: "7",
  description: "",
  createdMs: 0,
  updatedMs: 0,
  source: `models:/m-${"a".repeat(32)}`,
  tags: new Map(),
  aliases: ["champion"],
};

const run: Run = {
  id: "a".repeat(32),
  experimentId: "1",
  name: "quiet-fox",
  status: "FINISHED",
  lifecycle: "active",
  startedMs: 0,
  user: "ada",
  artifactUri: "",
  params: new Map([["epochs", "12"]]),
  metrics: new Map(),
  tags: new Map(),
  inputs: [
    {
      name: "pets/train",
      digest: "d",
      sourceType: "local",
      source: "{}",
      profile: '{"num_rows":70,"hash":"d"}',
      tags: new Map([["mlflow.data.context", "training"]]),
    },
  ],
  modelIds: [],
};

const evaluation = {
  split: "test",
  count: 120,
  accuracy: 0.9167,
  accuracyInterval: { low: 0.853, high: 0.954 },
  loss: 0.25,
  epochs: 12,
  bestEpoch: 9,
  classes: [
    { label: "cat", count: 100, precision: 0.95, recall: 0.93, f1: 0.94 },
    { label: "dog", count: 20, precision: 0.8, recall: 0.85, f1: 0.824 },
  ],
  calibration: { temperature: 1.2, expectedCalibrationError: 0.034 },
};

function bundleOf(labels: readonly string[], figures: BundleFile["info"]["evaluation"] = evaluation): BundleFile {
  const { info } = tinyModel(labels);
  return {
    path: "models/cats-dogs.onnx",
    sizeBytes: 12_345,
    sha256: "5".repeat(64),
    info: { ...info, evaluation: figures, parity: [] },
  };
}

const facts: CardFacts = { name: "cats-dogs", bundle: bundleOf(["cat", "dog"]), version, run };
const page = (given: CardFacts, markdown = renderModelCard(given)) =>
  renderModelCardPage(given, markdown, { version: "1.2.3", now: new Date(0) });

describe("a new model card", () => {
  it("says what bundle, run and registry say, and asks people for the rest", () => {
    const card = renderModelCard(facts);
    expect(card).toMatch(/^---\nlicense: "unknown"\npipeline_tag: "image-classification"\n/);
    expect(card.match(/^## .*/gm)).toEqual(
      [
        "Model",
        "Intended use",
        "Out of scope",
        "Data",
        "Training",
        "Evaluation",
        "Slices",
        "Limits",
        "Licence",
        "How to call it",
        "Lineage",
      ].map((title) => `## ${title}`),
    );
    for (const line of [
      "| Version | `models:/cats-dogs/7` |",
      "| Aliases | `champion` |",
      "| pets/train | training | 70 |",
      "| epochs | 12 |",
      "| Epochs | 12, the best 9 |",
      "| Accuracy | 91.7 % (95 % interval 85.3 % to 95.4 %) |",
      "| dog | 20 | 80.0 % | 85.0 % | 82.4 % |",
      "- Of one class fewer than 30 pictures were tested: dog.",
      "- The class that it finds least often is dog: 85.0 % of its pictures.",
      "pawprint serve models:/cats-dogs/7",
      'model = mlflow.pyfunc.load_model("models:/cats-dogs/7")',
    ])
      expect(card).toContain(`${line}\n`);
    expect(unwrittenSections(card)).toEqual(["Intended use", "Out of scope", "Data", "Limits", "Licence"]);
  });

  it("has the slices that it was given, the worst first", () => {
    const slice = { dimension: "brightness", count: 40, isWorse: false };
    const slices = [
      { ...slice, name: "bright", accuracy: 0.95 },
      { ...slice, name: "dark", accuracy: 0.7, isWorse: true },
    ];
    expect(renderModelCard({ ...facts, slices })).toContain(
      "| brightness | dark | 40 | 70.0 % | **worse than the rest** |\n| brightness | bright | 40 | 95.0 % |  |\n",
    );
    expect(renderModelCard(facts)).toContain("No evaluation of slices was given");
  });

  it("takes no figure of another program for what it is not", () => {
    const odd = { accuracy: "best", classes: [{ label: "cat" }], count: -1, calibration: null };
    const card = renderModelCard({ name: "odd", bundle: bundleOf(["cat", "dog"], odd) });
    expect(card).toContain("The bundle holds no figures of an evaluation.");
    expect(card).not.toContain("mlflow.pyfunc");
  });
});

describe("a model card that is made anew", () => {
  const written = renderModelCard(facts)
    .replace(/_To be written: who uses.*_/, "For the **animal shelter** only.")
    .replace("# Model card: cats-dogs", "# Our cats and dogs")
    .replace(/<!-- pawprint:generated slices -->[\s\S]*?<!-- \/pawprint:generated -->\n/, "")
    .concat("\n## Thanks\n\nTo all who labelled.\n");

  it("keeps what people wrote, and has the new facts", () => {
    const newer = { ...facts, version: { ...version, version: "8" } };
    const card = renderModelCard(newer, written);
    expect(card).toBe(written.replaceAll("models:/cats-dogs/7", "models:/cats-dogs/8"));
    expect(unwrittenSections(card)).toEqual(["Out of scope", "Data", "Limits", "Licence"]);
    expect(renderModelCard(newer, card)).toBe(card);
    expect(renderModelCard(newer, card.replaceAll("\n", "\r\n"))).toBe(card);
  });

  it("begins anew in an empty file, and leaves a part of another version as it is", () => {
    expect(renderModelCard(facts, "\n")).toBe(renderModelCard(facts));
    const other = `${written}<!-- pawprint:generated energy -->\n12 kWh\n<!-- /pawprint:generated -->\n`;
    expect(renderModelCard(facts, other)).toBe(other);
  });

  it.each([
    ["another text", "# Notes\n", "got other text"],
    ["a part without its end", "<!-- pawprint:generated model -->\nmy words\n", "got part 'model' without its end"],
    [
      "a part in a part",
      "<!-- pawprint:generated model -->\n<!-- pawprint:generated data -->\n<!-- /pawprint:generated -->\n",
      "got part 'model' without its end",
    ],
    ["an end alone", "<!-- /pawprint:generated -->\n", "got an end without a beginning"],
  ])("is refused over %s, which it would destroy", (_, text, message) => {
    expect(() => renderModelCard(facts, text)).toThrow(message);
    try {
      renderModelCard(facts, text);
    } catch (error) {
      expect(error).toMatchObject({ code: "FILE_EXISTS" });
    }
  });
});

describe("hostile names in a model card", () => {
  const hostile = [
    "<script>alert(1)</script>",
    "a | b",
    "<!-- /pawprint:generated -->",
    "\n<!-- /pawprint:generated -->\n",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/p.png)",
    "``` `x` ```",
    "**bold** _em_ # h",
    "\u202egod\u0000",
    '" onmouseover="alert(1)',
  ];
  const given: CardFacts = {
    name: hostile[0]!,
    bundle: {
      ...bundleOf(hostile, {
        ...evaluation,
        split: hostile[4],
        classes: hostile.map((label) => ({ label, count: 1, precision: 1, recall: 1, f1: 1 })),
      }),
      path: "models/`x`\n'; rm -rf ~ #.onnx",
    },
    run: { ...run, name: hostile[3]!, params: new Map(hostile.map((text) => [text, text])) },
    version: { ...version, description: hostile.join(" "), source: hostile.join(" ") },
    slices: hostile.map((name) => ({ dimension: name, name, count: 1, accuracy: 1, isWorse: true })),
  };

  it("mean nothing in Markdown", () => {
    const card = renderModelCard(given);
    expect(renderModelCard(given, card)).toBe(card);
    expect(card).toContain("\\<script\\>alert(1)\\</script\\>");
    for (const character of ["\u0000", "\u202e"]) expect(card).not.toContain(character);
    // Outside of code, no markup of theirs.
    const prose = card.replace(/^(`{3,})[\s\S]*?^\1/gm, "").replace(/(`+)[\s\S]*?(?<!`)\1(?!`)/g, "");
    expect(prose).not.toMatch(/(?<!\\)<(?!!-- \/?pawprint:generated( [a-z]+)? -->)/);
    expect(prose).not.toMatch(/(?<!\\)\[x/);
    for (const line of card.split("\n").filter((row) => row.startsWith("| \\<script")))
      expect(line.match(/(?<!\\)\|/g)!.length).toBeGreaterThan(2);
  });

  it("are texts in the page", () => {
    const text = page(given);
    expect(text).not.toMatch(/<script|<img|javascript:[^<]*"|onmouseover="/i);
    expect(text).toContain("&#60;script&#62;alert(1)&#60;/script&#62;");
    expect(text).toContain("a | b");
    expect(text).not.toMatch(/<a href="(?!#)/);
  });
});

describe("a model card as a page", () => {
  it("has the sections, tables and what people wrote, whose HTML is text", () => {
    const words = [
      "For **all** of _us_, see [the site](https://example.org/a?b=1) and `code|x`.",
      "",
      "- one <b>x</b>",
      "- two",
      "",
      "1. first",
      "",
      "```sh",
      "## no heading",
      "```",
      "",
      "<!-- a note -->",
      "<img src=x onerror=alert(1)> [bad](javascript:alert(1))",
    ].join("\n");
    const text = page(
      facts,
      renderModelCard(facts).replace(/_To be written: who uses.*_/, () => words),
    );
    expect(text).toContain("<strong>all</strong> of <em>us</em>");
    expect(text).toContain('<a href="https://example.org/a?b=1" rel="noreferrer">the site</a>');
    expect(text).toContain("<code>code|x</code>");
    expect(text).toContain("<li>one &#60;b&#62;x&#60;/b&#62;</li>");
    expect(text).toContain("<ol><li>first</li>");
    expect(text).toContain("## no heading");
    expect(text).not.toMatch(/<img|a note|href="javascript/);
    expect(text).toContain('<th scope="row">Accuracy</th><td>91.7 % (95 % interval 85.3 % to 95.4 %)</td>');
    expect(text).toContain("cats-dogs 7");
    expect(text.match(/<section/g)).toHaveLength(11);
  });
});

it.each([
  ["0.2", "0.2"],
  ["1e-8", "1e-8"],
  ["1. a list", "1\\. a list"],
  ["-0.5", "\\-0.5"],
])("shows %s as it is", (text, markdown) => {
  expect(markdownText(text)).toBe(markdown);
});
