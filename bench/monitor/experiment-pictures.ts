/** Photographs of cats and dogs for the shift experiment: some to train with, others that the model never saw. */
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { sha256 } from "../../src/base/hash.ts";
import { createRandom } from "../../src/base/random.ts";
import { openSource } from "../../src/dataset/sources/open-source.ts";

export interface Photograph {
  readonly label: string;
  readonly bytes: Uint8Array;
}

export interface ExperimentPictures {
  /** In random order, of both classes. */
  readonly training: readonly Photograph[];
  /** In random order; none of them, and no copy of one, is in `training`. */
  readonly fresh: readonly Photograph[];
  /** Of the other source; none of the same photographs is in `training` or `fresh`. */
  readonly other: readonly Photograph[];
}

interface Named extends Photograph {
  readonly name: string;
}

/**
 * Files of the same name in both sources are of the same photograph: those of the other source are
 * left out of the first one. The same seed gives the same parts.
 */
export async function readPictures(
  location: string,
  other: string,
  { training, seed }: { readonly training: number; readonly seed: number },
): Promise<ExperimentPictures> {
  const random = createRandom(seed);
  const others = withoutCopies(await readAll(other));
  const elsewhere = new Set(others.map(({ name }) => name));
  const all = withoutCopies(await readAll(location)).filter(({ name }) => !elsewhere.has(name));
  const mixed = random.split("parts").shuffle(all);
  return {
    training: mixed.slice(0, training),
    fresh: mixed.slice(training),
    other: random.split("other").shuffle(others),
  };
}

/** As a folder for each class. */
export async function writePictures(folder: string, pictures: readonly Photograph[]): Promise<void> {
  for (const label of new Set(pictures.map((picture) => picture.label))) {
    await mkdir(join(folder, label), { recursive: true });
  }
  for (const [at, { label, bytes }] of pictures.entries()) {
    await writeFile(join(folder, label, `${label}.${at}.jpg`), bytes);
  }
}

async function readAll(location: string): Promise<readonly Named[]> {
  const source = await openSource(location);
  try {
    const pictures: Named[] = [];
    for await (const sample of source.samples()) {
      if (!("bytes" in sample)) throw new Error(`${location} has pixels, not picture files`);
      pictures.push({ name: basename(sample.id), label: sample.label, bytes: await sample.bytes() });
    }
    return pictures;
  } finally {
    await source.close();
  }
}

function withoutCopies(pictures: readonly Named[]): readonly Named[] {
  const seen = new Set<string>();
  return pictures.filter(({ bytes }) => {
    const content = sha256(bytes);
    if (seen.has(content)) return false;
    seen.add(content);
    return true;
  });
}
