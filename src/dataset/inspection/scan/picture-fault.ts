/** Why a picture cannot be used. */
import { AppError } from "../../../base/errors.ts";
import { sniffFormat } from "../../../image/format.ts";
import type { FindingKind } from "../findings/findings.ts";
import { endsEarly } from "./ends-early.ts";

/** The kinds of faults for which a picture cannot be used at all. */
export type FaultKind = Extract<
  FindingKind,
  "empty-file" | "not-a-picture" | "truncated" | "corrupt" | "too-many-pixels" | "unreadable-file"
>;

export interface PictureFault {
  readonly kind: FaultKind;
  readonly detail: string;
}

/** The fault of a picture whose bytes cannot be read. */
export function readingFault(error: unknown): PictureFault {
  if (!(error instanceof AppError)) throw error;
  const detail = error.received ?? error.required;
  switch (error.code) {
    case "IMAGE_SIZE":
      return { kind: "too-many-pixels", detail };
    case "IMAGE_UNREADABLE":
      return { kind: "corrupt", detail };
    case "FILE_NOT_FOUND":
      return { kind: "unreadable-file", detail: "a file that was deleted" };
    case "FILE_READ_FAILED":
      return { kind: "unreadable-file", detail };
    default:
      throw error;
  }
}

/** The fault of a picture whose bytes cannot be decoded. */
export function decodingFault(bytes: Uint8Array, error: unknown): PictureFault {
  if (!(error instanceof AppError)) throw error;
  const format = sniffFormat(bytes);
  const detail = error.received ?? error.required;
  if (bytes.byteLength === 0) return { kind: "empty-file", detail: "0 bytes" };
  if (error.code === "IMAGE_SIZE") return { kind: "too-many-pixels", detail };
  if (format === undefined) return { kind: "not-a-picture", detail };
  if (endsEarly(bytes, format))
    return { kind: "truncated", detail: `${format} of ${bytes.byteLength} bytes: ${detail}` };
  return { kind: "corrupt", detail: `${format}: ${detail}` };
}
