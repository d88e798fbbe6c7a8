/** The error of a pack whose files are not as a build leaves them. */
import { AppError } from "../../base/errors.ts";

/** `received` may be a line of a file. */
export function packInvalid(required: string, received: string | Uint8Array, where: string): AppError {
  const text = typeof received === "string" ? received : Buffer.from(received.subarray(0, 100)).toString();
  const shown = text.length > 80 ? `${text.slice(0, 80)}...` : text.trim();
  return new AppError("PACK_INVALID", {
    required,
    received: shown,
    where,
    hint: "pack the pictures again: pawprint data pack SOURCE --to FOLDER",
  });
}
