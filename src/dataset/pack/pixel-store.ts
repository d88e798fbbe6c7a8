/** The port through which packed pixels are read, wherever they lie. */
import { AppError } from "../../base/errors.ts";

/** Pictures as rows of one size. */
export interface PixelStore {
  readonly rowBytes: number;
  readonly rowCount: number;
  /**
   * Copies rows one behind another to the beginning of `into`, in the order given; a row may be
   * asked for twice.
   * Errors: FILE_READ_FAILED, PACK_INVALID; INTERNAL for a row that is not there or a buffer that
   * is too small.
   */
  read(rows: Uint32Array, into: Uint8Array): Promise<void>;
  /** Gives files back to the system; may be called twice. */
  close(): Promise<void>;
}

/** Rows in memory: uint8 `[rows, rowBytes]`. */
export function memoryStore(pixels: Uint8Array, rowBytes: number): PixelStore {
  const rowCount = Math.floor(pixels.length / rowBytes);
  return {
    rowBytes,
    rowCount,
    async read(rows, into) {
      requireRows(rows, into, { rowBytes, rowCount });
      rows.forEach((row, at) => {
        into.set(pixels.subarray(row * rowBytes, (row + 1) * rowBytes), at * rowBytes);
      });
    },
    close: async () => {},
  };
}

/** Some rows of a store, in an order of their own; closing it closes the store. */
export function selectRows(store: PixelStore, selected: Uint32Array): PixelStore {
  const { rowBytes } = store;
  const rowCount = selected.length;
  return {
    rowBytes,
    rowCount,
    async read(rows, into) {
      requireRows(rows, into, { rowBytes, rowCount });
      await store.read(
        rows.map((row) => selected[row]!),
        into,
      );
    },
    close: store.close,
  };
}

/** Throws INTERNAL for a row that is not there, or a buffer without room for all rows. */
export function requireRows(
  rows: Uint32Array,
  into: Uint8Array,
  { rowBytes, rowCount }: Pick<PixelStore, "rowBytes" | "rowCount">,
): void {
  const isInside = rows.every((row) => row < rowCount);
  if (isInside && rows.length * rowBytes <= into.length) return;
  throw new AppError("INTERNAL", {
    required: `rows below ${rowCount}, and room for ${rows.length} rows of ${rowBytes} bytes`,
    received: `rows up to ${Math.max(...rows)}, room for ${into.length} bytes`,
  });
}
