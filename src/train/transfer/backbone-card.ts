/** What is known of a backbone's file besides its graph, and where that stands. */
import { basename } from "node:path";
import { AppError } from "../../base/errors.ts";
import { readBytesIfThere } from "../../base/files/read-file.ts";
import type { Metadata } from "../../graph/onnx/metadata.ts";
import { catalogueCard, knownBackbone } from "../../nn/backbones/catalogue.ts";
import { type BackboneCard, parseBackboneCard } from "../../nn/backbones/input-recipe.ts";

/** The key under which a file's own metadata may hold its card, as JSON. */
const cardKey = "pawprint.backbone";

const largestCardBytes = 65_536;

/** `models/net.backbone.json` for `models/net.onnx`. */
export function cardPathOf(path: string): string {
  return `${path.replace(/\.onnx$/i, "")}.backbone.json`;
}

/**
 * What the side-car file of a backbone says; undefined where there is none.
 * Errors: BACKBONE_INPUT for one that cannot be understood; FILE_READ_FAILED.
 */
export async function readBackboneCard(path: string): Promise<BackboneCard | undefined> {
  const cardPath = cardPathOf(path);
  const bytes = await readBytesIfThere(cardPath, cardPath, largestCardBytes);
  return bytes && parseBackboneCard(new TextDecoder().decode(bytes), cardPath);
}

/** A card, and where it stands. */
export interface DeclaredBackbone extends BackboneCard {
  readonly from: "side-car file" | "metadata" | "catalogue" | "bundle";
}

/**
 * What the side-car file says, else the metadata, else the catalogue, which knows files by their hash; undefined where nobody
 * knows the file. Errors: BACKBONE_INPUT, also for a side-car file that describes another file; FILE_READ_FAILED.
 */
export async function declaredCard(
  path: string,
  { sha256, metadata }: { readonly sha256: string; readonly metadata: Metadata },
): Promise<DeclaredBackbone | undefined> {
  const declared = await findCard(path, sha256, metadata);
  if (declared?.sha256 === undefined || declared.sha256 === sha256) return declared;
  throw new AppError("BACKBONE_INPUT", {
    required: `the file that ${basename(cardPathOf(path))} describes, of SHA-256 ${declared.sha256.slice(0, 12)}...`,
    received: `${sha256.slice(0, 12)}...`,
    where: path,
    hint: "mend or remove the side-car file",
  });
}

async function findCard(path: string, sha256: string, metadata: Metadata): Promise<DeclaredBackbone | undefined> {
  const card = await readBackboneCard(path);
  if (card) return { from: "side-car file", ...card };
  const text = metadata[cardKey];
  if (text !== undefined) return { from: "metadata", ...parseBackboneCard(text, `${path}, metadata ${cardKey}`) };
  const known = knownBackbone(sha256);
  return known && { from: "catalogue", ...catalogueCard(known.name, known) };
}
