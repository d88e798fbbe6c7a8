/** Where backbones lie: a folder of files, each with what is known of it in a side-car file. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { backboneCatalogue, type CatalogueEntry } from "../../nn/backbones/catalogue.ts";
import { cardPathOf, readBackboneCard } from "./backbone-card.ts";

/** Where `pawprint backbone fetch` puts them, below the working folder. */
export const backbonesFolder = join("models", "backbones");

/** A row of `pawprint backbone list`: an entry of the catalogue, or a file of one's own. */
export interface ListedBackbone extends Partial<Omit<CatalogueEntry, "sizeBytes">> {
  readonly name: string;
  readonly sizeBytes: number;
  /** Its file, where it is there. Its size was looked at, not its hash. */
  readonly path?: string;
  readonly isInCatalogue: boolean;
}

/** Files of one's own that are listed at most. */
const mostOwnFiles = 200;

/** The catalogue, with what of it is in `folder`, then the other backbones there: files with a side-car file. */
export async function listBackbones(
  folder: string,
  catalogue: Readonly<Record<string, CatalogueEntry>> = backboneCatalogue,
): Promise<readonly ListedBackbone[]> {
  const known = await Promise.all(
    Object.entries(catalogue).map(async ([name, entry]): Promise<ListedBackbone> => {
      const path = join(folder, entry.fileName);
      const isThere = (await sizeOf(path)) === entry.sizeBytes;
      return { name, ...entry, ...(isThere && { path }), isInCatalogue: true };
    }),
  );
  const names = new Set(known.map(({ fileName }) => fileName));
  const found = new Set(await readdir(folder).catch(() => []));
  const others = [...found].filter((name) => name.endsWith(".onnx") && !names.has(name) && found.has(cardPathOf(name)));
  const own = await Promise.all(
    others
      .sort()
      .slice(0, mostOwnFiles)
      .map((name) => ownBackbone(folder, name)),
  );
  return [...known, ...own.filter((row) => row !== undefined)];
}

/** Undefined for what is no file. A side-car file that cannot be understood says nothing here. */
async function ownBackbone(folder: string, fileName: string): Promise<ListedBackbone | undefined> {
  const path = join(folder, fileName);
  const sizeBytes = await sizeOf(path);
  if (sizeBytes === undefined) return undefined;
  const { name: _, source, ...card } = (await readBackboneCard(path).catch(() => undefined)) ?? {};
  return {
    ...card,
    name: fileName.replace(/\.onnx$/, ""),
    fileName,
    ...(source !== undefined && { page: source }),
    sizeBytes,
    path,
    isInCatalogue: false,
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => (found.isFile() ? found.size : undefined),
    () => undefined,
  );
}
