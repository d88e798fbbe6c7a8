/** A file or folder of this machine. */
import { constants } from "node:fs";
import { cp, rm, stat } from "node:fs/promises";
import { throwIfCancelled } from "../../base/cancel.ts";
import { AppError } from "../../base/errors.ts";
import { readFailure, writeFailure } from "../../base/files/file-failure.ts";
import type { ImportOrigin } from "./import-origin.ts";

/** Links are followed, as DVC does. Errors: FILE_NOT_FOUND, FILE_READ_FAILED, DATA_NAME_INVALID. */
export async function openPathOrigin(path: string): Promise<ImportOrigin> {
  const stats = await stat(path).catch((error: unknown) => {
    throw readFailure(path, error);
  });
  if (!stats.isFile() && !stats.isDirectory()) {
    throw new AppError("DATA_NAME_INVALID", {
      required: "a file or a folder",
      received: "a device, socket or FIFO",
      where: path,
    });
  }
  return {
    versionKey: path,
    async fetchTo(to, { signal }) {
      // A copy of another state may be there.
      await rm(to, { recursive: true, force: true });
      try {
        await cp(path, to, {
          recursive: true,
          dereference: true,
          mode: constants.COPYFILE_FICLONE,
          filter: () => {
            throwIfCancelled(signal);
            return true;
          },
        });
      } catch (error) {
        throw error instanceof AppError ? error : writeFailure(to, error);
      }
    },
    async close() {},
  };
}
