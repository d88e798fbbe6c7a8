/** What the JSON of a request may hold, beside what its schema says. */
import { deepestJson, type JsonLimits, passedLimit } from "../../base/bounded-json.ts";
import { AppError, type ErrorDetail } from "../../base/errors.ts";

/** A smaller text cannot hold much. */
const smallBytes = 2 ** 16;

/** JSON this large is no picture; and JSON.parse takes a text of several times its size. */
const largestBytes = 128 * 2 ** 20;

/**
 * `names` is enough for the rows of 10,000 pictures; each pixel of a picture may be a list of its
 * own: 16 MiB hold 1.6 million of three numbers as pictures have them.
 */
const limits = {
  depth: deepestJson,
  items: 16_000_000,
  lists: 2_000_000,
  names: 100_000,
} as const satisfies JsonLimits;

/**
 * Before the text is parsed. Errors: REQUEST_INVALID for deep nesting, REQUEST_TOO_LARGE for more
 * texts, objects or lists than pictures need.
 */
export function requireModestJson(bytes: Uint8Array): void {
  if (bytes.length <= smallBytes) return;
  if (bytes.length > largestBytes) {
    throw new AppError("REQUEST_TOO_LARGE", tooMuch(`of at most ${largestBytes / 2 ** 20} MiB`));
  }
  const passed = passedLimit(bytes, limits);
  if (passed === "items")
    throw new AppError("REQUEST_TOO_LARGE", tooMuch(`of at most ${limits.items / 1e6} million items`));
  if (passed === "depth") throw new AppError("REQUEST_INVALID", tooMuch(`nested at most ${limits.depth} deep`));
  if (passed === "lists")
    throw new AppError("REQUEST_TOO_LARGE", tooMuch(`of at most ${limits.lists / 1e6} million lists`));
  if (passed === "names")
    throw new AppError("REQUEST_TOO_LARGE", tooMuch(`of at most ${limits.names} texts and objects`));
}

function tooMuch(most: string): ErrorDetail {
  return {
    required: `JSON ${most}`,
    received: "more than that",
    where: "body",
    hint: "send pictures as files, or in several requests",
  };
}
