/** Why a picture cannot be used. */
import { AppError } from "../../../base/errors.ts";
import { type DecodingFault, PictureError } from "../../../image/picture-error.ts";
import type { FindingKind } from "../findings/findings.ts";

/** The kinds of faults for which a picture cannot be used at all. */
export type FaultKind = (typeof kindOfFault)[DecodingFault] | "unreadable-file";

export interface PictureFault {
  readonly kind: FaultKind;
  readonly detail: string;
}

const kindOfFault = {
  empty: "empty-file",
  foreign: "unread-format",
  pointer: "pointer-file",
  "no-picture": "not-a-picture",
  truncated: "truncated",
  damaged: "corrupt",
  size: "too-many-pixels",
} as const satisfies Record<DecodingFault, FindingKind>;

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
      return { kind: "unreadable-file", detail: "no file of this name" };
    case "FILE_READ_FAILED":
      return { kind: "unreadable-file", detail };
    default:
      throw error;
  }
}

/** The fault of a picture whose bytes cannot be decoded. */
export function decodingFault(error: unknown): PictureFault {
  if (error instanceof PictureError) {
    return { kind: kindOfFault[error.fault], detail: error.received ?? error.required };
  }
  return readingFault(error);
}
