/**
 * Bounds what parsing JSON costs, before it is parsed: 16 MiB of brackets, or of names, took
 * `JSON.parse` seconds and 0.9 GB.
 */
import { AppError } from "../../base/errors.ts";

/** A smaller text cannot hold much. */
const smallBytes = 2 ** 16;

const maximumDepth = 64;
/** Enough for the rows of 10,000 pictures. */
const maximumNames = 100_000;
/** Each pixel of a picture may be one. Numbers are not counted: they are the cheapest of all. */
const maximumLists = 4_000_000;

const [quote, backslash] = [0x22, 0x5c];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * One pass over the bytes, about 1 ns for each; whether they are JSON at all is left to the parser.
 * Errors: REQUEST_INVALID for deep nesting, REQUEST_TOO_LARGE for more texts, objects or lists than
 * pictures need.
 */
export function requireModestJson(bytes: Uint8Array): void {
  if (bytes.length <= smallBytes) return;
  let depth = 0;
  let names = 0;
  let lists = 0;
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case quote:
        at = endOfText(bytes, at);
        if (++names > maximumNames) throw tooLarge(`${maximumNames} texts and objects`);
        break;
      case openObject:
        if (++depth > maximumDepth) throw tooDeep();
        if (++names > maximumNames) throw tooLarge(`${maximumNames} texts and objects`);
        break;
      case openArray:
        if (++depth > maximumDepth) throw tooDeep();
        if (++lists > maximumLists) throw tooLarge(`${maximumLists / 1e6} million lists`);
        break;
      case closeArray:
      case closeObject:
        depth--;
    }
  }
}

/** The offset of the quotation mark that ends the text. */
function endOfText(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  for (let code = bytes[at]; code !== undefined && code !== quote; code = bytes[at]) at += code === backslash ? 2 : 1;
  return at;
}

function tooDeep(): AppError {
  return new AppError("REQUEST_INVALID", {
    required: `JSON nested at most ${maximumDepth} deep`,
    received: "deeper nesting",
    where: "body",
  });
}

function tooLarge(most: string): AppError {
  return new AppError("REQUEST_TOO_LARGE", {
    required: `JSON of at most ${most}`,
    received: "more of them",
    where: "body",
    hint: "send pictures as files, or in several requests",
  });
}
