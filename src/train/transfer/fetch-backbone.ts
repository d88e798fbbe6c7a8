/** Downloads backbones, of the catalogue or from an address with a SHA-256, with their side-car files. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError, isAppError } from "../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../base/files/atomic-file.ts";
import { type DownloadOptions, downloadFile } from "../../base/files/download.ts";
import { largestFileBytes, readBytes } from "../../base/files/read-file.ts";
import { withLock } from "../../base/locks/lock-file.ts";
import { isBundleUrl, parseBundleUrl } from "../../bundle/bundle-url.ts";
import { decodeModel, type OnnxModel } from "../../graph/onnx/decode.ts";
import { inputShapeOf, pictureInputOf, requireFeatures, requireSameShape } from "../../nn/backbones/backbone.ts";
import { backboneCatalogue, type CatalogueEntry, catalogueCard, catalogueEntry } from "../../nn/backbones/catalogue.ts";
import { type BackboneCard, parseBackboneInput } from "../../nn/backbones/input-recipe.ts";
import { cardPathOf, readBackboneCard } from "./backbone-card.ts";
import { backbonesFolder } from "./backbone-files.ts";

export interface FetchBackboneOptions extends DownloadOptions {
  /** The folder; made where it is missing. Unless given: `models/backbones`. */
  readonly to?: string;
  /** Of a model at an address, as SPDX names it: it goes with the backbone into runs and bundles. */
  readonly licence?: string;
  /** How a model at an address takes pictures, as `parseBackboneInput` reads it. */
  readonly backboneInput?: string;
  /** The value that the features of a model at an address are. */
  readonly layer?: string;
  /** Replace a side-car file that says something else. */
  readonly force?: boolean;
  readonly catalogue?: Readonly<Record<string, CatalogueEntry>>;
}

/** What was fetched, and where it lies. */
export interface FetchedBackbone {
  readonly path: string;
  readonly sizeBytes: number;
  readonly status: "downloaded" | "present";
  /** The side-car file, and what it says. */
  readonly cardPath: string;
  readonly card: BackboneCard;
  /** `kept`: one was there that says something else. */
  readonly cardStatus: "written" | "present" | "kept";
}

/** A file that is to be there, and what its side-car file is to say, which may follow from the file. */
interface Wanted {
  readonly fileName: string;
  readonly urls: readonly string[];
  readonly sha256: string;
  readonly sizeBytes?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Named in errors. */
  readonly where?: string;
  cardOf(path: string): Promise<BackboneCard>;
}

/**
 * Downloads a backbone by its name in the catalogue or from `https://HOST/NAME.onnx#sha256=HEX`, and writes
 * `NAME.backbone.json` beside it, so that a training with it needs no declaration. A file that is there already is
 * checked and left alone.
 * Errors: CLI_USAGE for a name that the catalogue does not have, and for options that the catalogue decides;
 * MODEL_SOURCE_INVALID; those of `downloadFile`; MODEL_UNREADABLE, BACKBONE_UNSUITED, BACKBONE_INPUT and LAYER_UNKNOWN
 * for a model at an address; LOCKED.
 */
export async function fetchBackbone(what: string, options: FetchBackboneOptions = {}): Promise<FetchedBackbone> {
  const { to = backbonesFolder, force = false, signal } = options;
  const wanted = isBundleUrl(what) ? atAddress(what, options) : inCatalogue(what, options);
  const path = join(to, wanted.fileName);
  await requireAddress(what, wanted, path);
  await ensureFolder(to);
  const fetching = async (): Promise<FetchedBackbone> => {
    const { fileName: _, cardOf, ...download } = wanted;
    const status = await downloadFile({ ...download, to: path, maximumBytes: largestFileBytes }, options);
    const { size: sizeBytes } = await stat(path);
    const card = await cardOf(path);
    const cardStatus = await writeCard(path, card, force);
    const said = cardStatus === "kept" ? await readBackboneCard(path).catch(() => undefined) : card;
    return { path, sizeBytes, status, cardPath: cardPathOf(path), card: said ?? card, cardStatus };
  };
  return withLock(join(to, ".fetch.lock"), fetching, { ...(signal && { signal }), what: "a download" });
}

function inCatalogue(name: string, options: FetchBackboneOptions): Wanted {
  const { catalogue = backboneCatalogue } = options;
  const entry = catalogueEntry(name, catalogue);
  const decided = (["licence", "backboneInput", "layer"] as const).find((key) => options[key] !== undefined);
  if (decided !== undefined) {
    throw new AppError("CLI_USAGE", {
      required: "a name of the catalogue alone, which says licence, input and layer itself",
      received: `'${name}' with \`${decided}\``,
      hint: `leave \`${decided}\` out; what is to be different can be changed in the side-car file, or given to train`,
    });
  }
  const { fileName, urls, sha256, sizeBytes } = entry;
  return { fileName, urls, sha256, sizeBytes, cardOf: async () => catalogueCard(name, entry) };
}

function atAddress(address: string, { licence, backboneInput, layer }: FetchBackboneOptions): Wanted {
  const { url, sha256, authorization, shown, fileName } = parseBundleUrl(address, "backbone");
  if (licence === undefined) {
    throw new AppError("CLI_USAGE", {
      required: "the licence of a model that is not in the catalogue",
      received: "none",
      where: shown,
      hint: "say what its publisher says, as SPDX names it: `licence` Apache-2.0; it goes with every model that is trained on it",
    });
  }
  return {
    fileName: safeFileName(fileName, sha256),
    urls: [url],
    sha256,
    ...(authorization !== undefined && { headers: { authorization } }),
    where: shown,
    async cardOf(path) {
      const declared = declaredCard(decodeModel(await readBytes(path), path), { backboneInput, layer }, path);
      return { ...declared, licence, source: shown.replace(/#.*$/, ""), sha256 };
    },
  };
}

/** What was said of a model, where the model agrees. */
function declaredCard(
  model: OnnxModel,
  { backboneInput, layer }: Record<"backboneInput" | "layer", string | undefined>,
  path: string,
): BackboneCard {
  const pictures = pictureInputOf(model, path);
  if (layer !== undefined) requireFeatures(model, layer, { pictures, where: path });
  const input =
    backboneInput === undefined ? undefined : parseBackboneInput(backboneInput, inputShapeOf(model, path), path);
  if (input) requireSameShape(input, pictures, path);
  return { ...(input && { input }), ...(layer !== undefined && { layer }) };
}

/** The last part of the address, where it is a name on every system; else the beginning of the hash. */
function safeFileName(fileName: string, sha256: string): string {
  const stem = fileName.replace(/\.onnx$/i, "");
  return `${/^[A-Za-z0-9][\w .+-]{0,150}$/.test(stem) && !stem.endsWith(".") ? stem : sha256.slice(0, 16)}.onnx`;
}

/** A file without a public address may have been put there. */
async function requireAddress(name: string, { urls, sha256 }: Wanted, path: string): Promise<void> {
  if (urls.length > 0) return;
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  throw new AppError("DOWNLOAD_FAILED", {
    required: "a public address of the backbone",
    received: `'${name}', which has none`,
    where: path,
    hint: `put the file there, of SHA-256 ${sha256}, and run it again for its side-car file`,
  });
}

async function writeCard(path: string, card: BackboneCard, force: boolean): Promise<FetchedBackbone["cardStatus"]> {
  const text = `${JSON.stringify(card, null, 2)}\n`;
  try {
    await writeFileAtomic(cardPathOf(path), text, { force });
    return "written";
  } catch (error) {
    if (!isAppError(error, "FILE_EXISTS")) throw error;
  }
  const there = await readBackboneCard(path).catch(() => undefined);
  return JSON.stringify(there) === JSON.stringify(card) ? "present" : "kept";
}
