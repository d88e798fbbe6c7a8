import { AppError } from "../../base/errors.ts";

/** JSON bytes as a value. Errors: REQUEST_INVALID. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
  } catch (cause) {
    // The message of JSON.parse would quote the body.
    const received = bytes.length === 0 ? "an empty body" : `${bytes.length} bytes of something else`;
    throw new AppError("REQUEST_INVALID", { required: "valid JSON", received, where: "body", cause });
  }
}
