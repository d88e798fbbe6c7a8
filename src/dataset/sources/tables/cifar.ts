/** Labelled pictures in a folder of CIFAR-10's binary version. */
import { join } from "node:path";
import { readBytes } from "../../../base/files/read-file.ts";
import type { PixelImage } from "../../../image/decode.ts";
import { readLabel } from "../label.ts";
import type { PixelSample, Source, Split } from "../source.ts";
import { type CifarBatch, cifarInvalid, openCifarBatch } from "./cifar-batch.ts";

const batchName = /^(?:data_batch_(\d+)|test_batch)\.bin$/;
const namesFile = "batches.meta.txt";

/** The folder that the published archive unpacks to. */
export const cifarFolderName = "cifar-10-batches-bin";

/** True where a folder's names include a batch of CIFAR-10. */
export function hasCifarFiles(names: readonly string[]): boolean {
  return names.some((name) => batchName.test(name));
}

/**
 * Reads the labels of a folder's batches; pixels are read and put side by side each time that a
 * sample's `image` is asked for, so that 60,000 pictures cost no memory before. With
 * `test_batch.bin` beside training batches, their split is kept.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED; CIFAR_INVALID for a length or a label that the format
 * does not know; SOURCE_CHANGED when an `image` is asked for.
 */
export async function openCifarFolder(location: string, names: readonly string[]): Promise<Source> {
  const labels = await readLabelNames(location, names);
  const files = names.filter((name) => batchName.test(name)).sort(byNumber);
  const isSplit = new Set(files.map(splitOf)).size > 1;
  const batches: CifarBatch[] = [];
  const close = async (): Promise<void> => {
    for (const batch of batches.splice(0)) batch.close();
  };
  try {
    for (const file of files) batches.push(openCifarBatch(join(location, file)));
    requireKnownClasses(batches, labels);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    kind: "cifar",
    location,
    skipped: [],
    remarks: [],
    async *samples() {
      for (const [at, batch] of batches.entries()) {
        const file = files[at]!;
        yield* samplesOf(batch, file, labels, isSplit ? splitOf(file) : undefined);
      }
    },
    close,
  };
}

function* samplesOf(
  batch: CifarBatch,
  file: string,
  labels: readonly string[],
  split: Split | undefined,
): Generator<PixelSample> {
  for (const [at, index] of batch.classes.entries()) {
    yield {
      id: `${file}#${at}`,
      label: labels[index]!,
      stamp: `${batch.stamp} ${at}`,
      ...(split && { split }),
      get image(): PixelImage {
        return batch.readImage(at);
      },
    };
  }
}

/** A label is one byte in a batch, and 255 bytes at most in a line. */
const namesLimitBytes = 2 ** 16;

/** The class names of `batches.meta.txt`, one a line; the numbers where there is no such file. */
async function readLabelNames(location: string, names: readonly string[]): Promise<readonly string[]> {
  if (!names.includes(namesFile)) return Array.from({ length: 10 }, (_, at) => String(at));
  const path = join(location, namesFile);
  const text = await readBytes(path, path, namesLimitBytes);
  const labels = text
    .toString()
    .trimEnd()
    .split(/\r?\n/)
    .map((line, at) => {
      const read = readLabel(line);
      if (read.fault !== undefined) throw cifarInvalid("a class name in each line", read.fault, `${path}:${at + 1}`);
      return read.label;
    });
  const twice = labels.find((label, at) => labels.indexOf(label) !== at);
  if (twice !== undefined) throw cifarInvalid("a different name for each class", `'${twice}' twice`, path);
  return labels;
}

function requireKnownClasses(batches: readonly CifarBatch[], labels: readonly string[]): void {
  for (const { classes, path } of batches) {
    const at = classes.findIndex((index) => index >= labels.length);
    if (at >= 0) {
      throw cifarInvalid(`labels from 0 to ${labels.length - 1}`, `${classes[at]}`, `${path}, record ${at}`);
    }
  }
}

function splitOf(file: string): Split {
  return file.startsWith("test") ? "test" : "train";
}

/** Training batches by their numbers, the test batch last. */
function byNumber(a: string, b: string): number {
  const numberOf = (file: string): number => Number(batchName.exec(file)?.[1] ?? Number.MAX_SAFE_INTEGER);
  return numberOf(a) - numberOf(b);
}
