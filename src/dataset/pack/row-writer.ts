/** The port through which a pack's rows are written while it is being built. */
import { AppError } from "../../base/errors.ts";
import { formatBytes } from "../../base/quantity.ts";
import { type Recipe, recipeSizeBytes } from "../../image/recipe.ts";
import type { PackIndex } from "./pack-index.ts";
import type { StoredPicture } from "./picture-table.ts";
import { memoryStore, type PixelStore } from "./pixel-store.ts";

export interface RowWriter {
  /** What an earlier build left of a picture with this id and stamp. */
  kept(id: string, stamp: string): StoredPicture | undefined;
  /** The first row that nobody has. */
  readonly freeRow: number;
  /** Writes a picture's pixels at its row. Calls may overlap. Errors: FILE_WRITE_FAILED. */
  write(picture: StoredPicture, pixels: Uint8Array): Promise<void>;
  /** Makes the pack whole and gives its rows for reading. */
  finish(index: PackIndex): Promise<PixelStore>;
  /** Ends without an index; what was written stays for the next build. */
  abandon(): Promise<void>;
}

/**
 * Room in memory for `count` rows.
 * Errors: DATASET_TOO_LARGE where they do not fit into one block.
 */
export function createMemoryWriter(recipe: Recipe, count: number): RowWriter {
  const rowBytes = recipeSizeBytes(recipe);
  const pixels = allocate(count, recipe);
  return {
    kept: () => undefined,
    freeRow: 0,
    async write({ row }, picture) {
      pixels.set(picture, row * rowBytes);
    },
    finish: async () => memoryStore(pixels, rowBytes),
    abandon: async () => {},
  };
}

function allocate(count: number, recipe: Recipe): Uint8Array {
  const sizeBytes = count * recipeSizeBytes(recipe);
  try {
    return new Uint8Array(sizeBytes);
  } catch (error) {
    throw new AppError("DATASET_TOO_LARGE", {
      required: "pictures that fit into one block of memory at the recipe's size",
      received: `${count} pictures of ${recipe.width} x ${recipe.height}: ${formatBytes(sizeBytes)}`,
      hint: "choose a smaller `size`, or pack them into a folder with: pawprint data pack SOURCE",
      cause: error,
    });
  }
}
