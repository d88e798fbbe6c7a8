/**
 * What the fixed part of a backbone makes of a pack's pictures, computed once: a pack whose rows are
 * activations in the place of pixels.
 */
import { join } from "node:path";
import { throwIfCancelled } from "../../base/cancel.ts";
import { AppError } from "../../base/errors.ts";
import { contentHash } from "../../base/hash.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import { memoryLimit } from "../../base/machine/memory-limit.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { formatBytes } from "../../base/quantity.ts";
import { createRandom, type Seed } from "../../base/random.ts";
import { indicesOf, type Pack } from "../../dataset/pack/pack.ts";
import { type PixelStore, requireRows } from "../../dataset/pack/pixel-store.ts";
import { sizeOf, type TensorData } from "../../graph/tensor-type.ts";
import { graph, input } from "../../graph/value.ts";
import { augmentPictures } from "../../nn/augment/augment.ts";
import { type Augmentation, augments } from "../../nn/augment/augmentation.ts";
import { drawAugmentation } from "../../nn/augment/draw.ts";
import { numbersPerPicture } from "../../nn/augment/numbers.ts";
import type { Backbone } from "../../nn/backbones/backbone.ts";
import { activationShape, cutOf, fixedPart } from "../../nn/backbones/transfer-network.ts";
import { normalizePictures } from "../../nn/picture-tensor.ts";
import type { Executor, Program } from "../../runtime/executor.ts";
import { type ActivationCache, openActivationCache } from "./activation-cache.ts";

export interface ActivationOptions {
  readonly executor: Executor;
  readonly backbone: Backbone;
  /** Blocks that are trained, and so not run here. */
  readonly tunedBlocks: number;
  readonly pack: Pack;
  /** Rows of each training picture: itself, then augmented. At least 1. */
  readonly variants: number;
  readonly augmentation: Augmentation;
  /** Decides the augmentation, with each picture's content. */
  readonly seed: Seed;
  /** Folder where activations are kept for the next training; in memory alone without it. */
  readonly folder: string | undefined;
  readonly progress?: Progress | undefined;
  readonly logger?: Logger | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Activations {
  /** Its rows are float32 of `shape`; behind the pictures' own rows come the augmented ones, in the train split. */
  readonly pack: Pack;
  /** Of one row. */
  readonly shape: readonly number[];
}

/** Pictures that go through the backbone together: more are no faster, and take memory. */
const batchSize = 16;
/** Rows between two files of the cache: what an interruption loses at most. */
const rowsPerFile = 256;
/** The share of the memory that activations may take. */
const memoryShare = 0.5;

/** One row that is wanted: a picture's position, and its variant; 0 is the picture itself. */
interface Wanted {
  readonly index: number;
  readonly variant: number;
  readonly key: string;
}

/**
 * Runs the fixed part once for each picture, and for `variants` - 1 augmented forms of each training picture, which follow
 * from seed and content alone. Rows that the folder has are not computed again.
 * Errors: BACKBONE_UNSUITED; TRAIN_OUT_OF_MEMORY; EXECUTION_FAILED; those of the pack's store and of the folder; INTERRUPTED.
 */
export async function computeActivations(options: ActivationOptions): Promise<Activations> {
  const { pack, backbone, tunedBlocks, folder, logger = silentLogger, progress = silentProgress, signal } = options;
  const shape = activationShape(backbone, tunedBlocks);
  const width = sizeOf(shape);
  const wanted = wantedRows(options);
  requireRoom(wanted.length, width, options);
  const cache = folder === undefined ? undefined : await openCache(options, folder, width, logger);
  const rows = wanted.map(({ key }) => cache?.row(key));
  const missing = wanted.flatMap((row, at) => (rows[at] ? [] : [{ ...row, at }]));
  if (missing.length > 0) {
    const task = progress.start({ label: "features", total: missing.length, unit: "images" });
    const backboneRun = await openRun(options);
    try {
      for (const some of inParts(missing, rowsPerFile)) {
        const made = new Map<string, Float32Array>();
        const [plain, varied] = [
          some.filter(({ variant }) => variant === 0),
          some.filter(({ variant }) => variant > 0),
        ];
        for (const batch of [...inParts(plain, batchSize), ...inParts(varied, batchSize)]) {
          throwIfCancelled(signal);
          const found = await backboneRun.run(batch);
          for (const [row, { at, key }] of batch.entries()) {
            rows[at] = found.slice(row * width, (row + 1) * width);
            made.set(key, rows[at]);
          }
          task.advance(batch.length);
        }
        await cache?.add(made);
      }
      task.done();
    } finally {
      task.fail();
      await backboneRun.close();
    }
  }
  return { pack: packOf(pack, wanted, rows as readonly Float32Array[], width), shape };
}

/** Each picture, then the augmented forms of the training pictures. */
function wantedRows({ pack, variants, augmentation, seed }: ActivationOptions): readonly Wanted[] {
  const own = pack.hashes.map((hash, index) => ({ index, variant: 0, key: contentHash([hash, "0"]) }));
  if (!augments(augmentation)) return own;
  const way = JSON.stringify([augmentation, seed]);
  const varied = Array.from({ length: variants - 1 }, (_, at) =>
    Array.from(indicesOf(pack, "train"), (index) => {
      return { index, variant: at + 1, key: contentHash([pack.hashes[index]!, `${at + 1}`, way]) };
    }),
  );
  return [...own, ...varied.flat()];
}

function inParts<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}

function requireRoom(rowCount: number, width: number, { tunedBlocks, variants }: ActivationOptions): void {
  const bytes = rowCount * width * Float32Array.BYTES_PER_ELEMENT;
  if (bytes <= memoryLimit() * memoryShare) return;
  throw new AppError("TRAIN_OUT_OF_MEMORY", {
    required: `${formatBytes(bytes)} of memory for what the fixed blocks give for ${rowCount} pictures`,
    received: `${formatBytes(memoryLimit())} on this machine, other processes included`,
    hint: variants > 1 ? "give fewer `variants`" : `fine-tune fewer blocks than ${tunedBlocks}, or \`fineTune\` all`,
  });
}

/** One for each backbone, place of the cut and recipe: what decides the numbers of a picture. */
async function openCache(
  { backbone, tunedBlocks, pack }: ActivationOptions,
  folder: string,
  width: number,
  logger: Logger,
): Promise<ActivationCache> {
  const { sha256, input: taken } = backbone;
  const cut = backbone.nameOf(cutOf(backbone, tunedBlocks)) ?? `${tunedBlocks}`;
  const key = contentHash([sha256, cut, JSON.stringify([taken, pack.recipe])]).slice(0, 24);
  return openActivationCache(join(folder, key), width, logger);
}

interface BackboneRun {
  /** Activations `[rows, width]`. */
  run(rows: readonly Wanted[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Three programs: pictures normalised as they are, or augmented; then the fixed part, whose batch is free, so that
 * ONNX Runtime arranges its constant weights itself.
 */
async function openRun({
  executor,
  backbone,
  tunedBlocks,
  pack,
  variants,
  augmentation,
  seed,
}: ActivationOptions): Promise<BackboneRun> {
  const { width, height, channels } = pack.recipe;
  const normalization = { mean: backbone.input.mean, std: backbone.input.std };
  const size = { width, height, channels };
  const setup = { augmentation, size, normalization };
  const pictures = input("pictures", "uint8", [batchSize, height, width, channels]);
  const perPicture = numbersPerPicture(channels);
  const numbers = input("augmentation", "float32", [batchSize, perPicture]);
  const x = input("x", "float32", ["N", channels, height, width]);
  const programs: Program[] = [];
  const load = async (built: Parameters<Executor["load"]>[0]): Promise<Program> => {
    const program = await executor.load(built);
    programs.push(program);
    return program;
  };
  const close = async (): Promise<void> => {
    for (const program of programs) await program.close();
  };
  try {
    const plain = await load(graph("normalized", [pictures], { x: normalizePictures(pictures, normalization) }));
    const isVaried = variants > 1 && augments(augmentation);
    const varied =
      isVaried &&
      (await load(graph("augmented", [pictures, numbers], { x: augmentPictures(pictures, numbers, setup) })));
    const fixed = await load(graph("fixed", [x], { activations: fixedPart(backbone, tunedBlocks, x) }));
    const pixels = new Uint8Array(batchSize * pack.pixels.rowBytes);
    const random = createRandom(seed).split("variants");
    return {
      close,
      async run(rows) {
        await pack.pixels.read(
          Uint32Array.from(rows, ({ index }) => index),
          pixels,
        );
        const fed: Record<string, TensorData> = {
          pictures: { dtype: "uint8", shape: pictures.type.shape as number[], data: pixels },
        };
        const [first] = rows;
        let program = plain;
        if (varied && first !== undefined && first.variant > 0) {
          const data = new Float32Array(batchSize * perPicture);
          for (const [at, { key }] of rows.entries()) {
            drawAugmentation(random.split(key), setup, data.subarray(at * perPicture, (at + 1) * perPicture));
          }
          fed.augmentation = { dtype: "float32", shape: [batchSize, perPicture], data };
          program = varied;
        }
        const { x: entered } = await program.run(fed);
        const count = rows.length;
        const data = (entered!.data as Float32Array).subarray(0, count * channels * height * width);
        const { activations } = await fixed.run({
          x: { dtype: "float32", shape: [count, channels, height, width], data },
        });
        return activations!.data as Float32Array;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function packOf(pack: Pack, wanted: readonly Wanted[], rows: readonly Float32Array[], width: number): Pack {
  return {
    ...pack,
    pixels: rowStore(rows, width),
    targets: Int32Array.from(wanted, ({ index }) => pack.targets[index]!),
    splits: Uint8Array.from(wanted, ({ index }) => pack.splits[index]!),
    ids: wanted.map(({ index }) => pack.ids[index]!),
    hashes: wanted.map(({ key }) => key),
  };
}

function rowStore(rows: readonly Float32Array[], width: number): PixelStore {
  const rowBytes = width * Float32Array.BYTES_PER_ELEMENT;
  return {
    rowBytes,
    rowCount: rows.length,
    async read(wanted, into) {
      requireRows(wanted, into, { rowBytes, rowCount: rows.length });
      const floats = new Float32Array(into.buffer, into.byteOffset, wanted.length * width);
      wanted.forEach((row, at) => {
        floats.set(rows[row]!, at * width);
      });
    },
    close: async () => {},
  };
}
