import type { ErrorCode } from "../../base/errors.ts";

/** What every route that takes pictures may refuse with. */
export const pictureErrors = [
  "REQUEST_INVALID",
  "REQUEST_TOO_LARGE",
  "MEDIA_TYPE_UNSUPPORTED",
  "IMAGE_UNREADABLE",
  "IMAGE_SIZE",
  "REQUEST_TIMEOUT",
  "OVERLOADED",
  "NOT_READY",
  "DEADLINE_EXCEEDED",
] as const satisfies readonly ErrorCode[];
