/** `pawprint models card`: a model card, as Markdown and as a page. */
import { dirname } from "node:path";
import { jsonFaultOf, parseBoundedJson } from "../../../base/bounded-json.ts";
import { AppError, isAppError } from "../../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { readBytes, readText } from "../../../base/files/read-file.ts";
import { counted } from "../../../base/quantity.ts";
import { matchesSchema } from "../../../base/schema/matches-schema.ts";
import { readVersion } from "../../../base/version.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { type CardSlice, EvaluationResult } from "../../../registry/card/card-facts.ts";
import { renderModelCard, unwrittenSections } from "../../../registry/card/model-card.ts";
import { renderModelCardPage } from "../../../registry/card/model-card-page.ts";
import { isModelAddress } from "../../../registry/model-address.ts";
import type { TrackingAccess } from "../../../tracking/tracking-access.ts";
import { inspectBundle } from "../../../wire/library.ts";
import { modelCardFacts } from "../../../wire/model-card.ts";
import { readRegisteredBundle } from "../../../wire/registered-bundles.ts";
import { bundleAt, type GivenBundle } from "../../bundle-at.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom } from "../../paths.ts";
import { storeOptions, trackingAccessFor } from "../../tracking-options.ts";

/** A JSON of figures; a report with pictures is no such file. */
const mostEvaluationBytes = 64 * 2 ** 20;

export const command = defineCommand({
  description: `Writes a model card from what bundle, run and registry say: model, data, training, evaluation, slices, limits, how to call it, lineage.
Where the file is there already, the parts between its comments are made anew, and all that people wrote stays. Sections that are
still to be written are listed. Without --out the card is printed.`,
  arguments: [
    { name: "model", doc: "NAME, NAME@ALIAS, NAME/VERSION, or a bundle, also https://HOST/NAME.onnx#sha256=HEX" },
  ],
  options: [
    {
      name: "out",
      type: "string",
      placeholder: "FILE.md",
      doc: "write the card, or bring the one that is there up to date",
    },
    { name: "html", type: "string", placeholder: "FILE.html", doc: "write it as a page, too" },
    {
      name: "evaluation",
      type: "string",
      placeholder: "FILE.json",
      doc: "slices, as evaluate --json prints them",
    },
    ...storeOptions,
  ],
  examples: [
    { line: "pawprint models card cats-dogs@champion --out MODEL_CARD.md", doc: "of the version that is served" },
    {
      line: "pawprint models card cats-dogs --out MODEL_CARD.md --html card.html",
      doc: "of the newest version, as a page too",
    },
    { line: "pawprint models card models/cats-dogs.onnx", doc: "of a bundle, printed" },
  ],
  async run(context, { model }, { out, html, evaluation, ...options }) {
    const { cwd, now, style } = context;
    const access = await trackingAccessFor(context, options);
    const address = addressOf(model);
    const slices = evaluation === undefined ? undefined : await readSlices(pathFrom(cwd, evaluation), evaluation);
    const read = address === undefined ? await bundleAt(context, model, {}) : await registeredAt(address, access);
    const { input, name, version } = read;
    const file = await inspectBundle(input, name);
    const facts = await modelCardFacts(file, access, { ...(version && { version }), ...(slices && { slices }) });

    const existing = out === undefined ? undefined : await readExisting(pathFrom(cwd, out), out);
    const markdown = renderModelCard(facts, existing, out);
    if (out !== undefined) await write(pathFrom(cwd, out), markdown);
    if (html !== undefined) {
      const page = { version: await readVersion(), now: new Date(now()) };
      await write(pathFrom(cwd, html), renderModelCardPage(facts, markdown, page));
    }
    const unwritten = unwrittenSections(markdown);
    const files = [out, html].filter((path) => path !== undefined);
    return {
      result: {
        model: name,
        ...(out === undefined ? { markdown } : { out }),
        ...(html !== undefined && { html }),
        unwritten,
      },
      text: [
        ...(out === undefined ? [markdown.trimEnd()] : []),
        ...files.map((path) => `${style.bold("Written")}  ${visibleText(path)}`),
        ...(out === undefined || unwritten.length === 0
          ? []
          : [
              `${style.bold("To be written by you")}  ${counted(unwritten.length, "section")}: ${unwritten.map(visibleText).join(", ")}`,
            ]),
      ].join("\n"),
      ...(files.length > 0 && { quietText: files.join("\n") }),
    };
  },
});

async function registeredAt(address: string, access: TrackingAccess): Promise<GivenBundle> {
  const { bytes, where, version } = await readRegisteredBundle(address, access);
  return { input: { bytes, where }, name: where, given: address, ...(version && { version }) };
}

/** Of a registered model; undefined for the path of a bundle, or its URL. */
function addressOf(model: string): string | undefined {
  if (isModelAddress(model)) return model;
  if (/\.onnx$/i.test(model) || !/^[^/\\]+(@[^/\\@]+|\/(\d+|latest))?$/.test(model)) return undefined;
  return /[@/]/.test(model) ? `models:/${model}` : `models:/${model}/latest`;
}

async function readExisting(path: string, where: string): Promise<string | undefined> {
  try {
    return await readText(path, where);
  } catch (error) {
    if (isAppError(error, "FILE_NOT_FOUND")) return undefined;
    throw error;
  }
}

async function write(path: string, text: string): Promise<void> {
  await ensureFolder(dirname(path));
  await writeFileAtomic(path, text, { force: true });
}

/** Errors: FILE_NOT_FOUND, FILE_READ_FAILED; CLI_USAGE for another file. */
async function readSlices(path: string, where: string): Promise<readonly CardSlice[]> {
  const refuse = (received: string, cause?: unknown) =>
    new AppError("CLI_USAGE", {
      required: "what evaluate --json prints, with slices, for --evaluation",
      received,
      where,
      hint: "make it with: pawprint evaluate MODEL --data FOLDER --json > evaluation.json",
      cause,
    });
  let value: unknown;
  try {
    value = parseBoundedJson(await readBytes(path, where, mostEvaluationBytes));
  } catch (error) {
    throw isAppError(error) ? error : refuse(jsonFaultOf(error), error);
  }
  if (!matchesSchema(EvaluationResult, value)) throw refuse("other JSON");
  return value.slices;
}
