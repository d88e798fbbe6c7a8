/** Picture files as base64 text, and what is wrong with a text that is none. */
import { AppError } from "../../base/errors.ts";

/**
 * Bytes from base64 (RFC 4648: both alphabets, padded or not, with line breaks in it and blanks
 * around it) or from a base64 data URL.
 * Errors: REQUEST_INVALID with the character that does not belong there.
 */
export function decodeBase64(text: string, where: string): Uint8Array {
  const start = payloadStart(text, where);
  const body = text
    .slice(start)
    .trim()
    .replace(/[\r\n]+[\t ]*/g, "");
  const isWhole = /^[\w+/-]+={0,2}$/.test(body) && body.replace(/=+$/, "").length % 4 !== 1;
  if (isWhole) return Buffer.from(body, "base64");
  throw new AppError("REQUEST_INVALID", { required: "a picture file as base64", where, ...faultOf(text, start) });
}

/** The offset behind the head of a data URL; 0 in any other text. */
function payloadStart(text: string, where: string): number {
  if (!/^\s*data:/i.test(text)) return 0;
  const comma = text.indexOf(",");
  if (comma >= 0 && /;base64\s*$/i.test(text.slice(0, comma))) return comma + 1;
  throw new AppError("REQUEST_INVALID", {
    required: "a data URL with ;base64,",
    received: JSON.stringify(text.slice(0, 40)),
    where,
  });
}

interface Fault {
  readonly received: string;
  readonly hint?: string;
}

/** What `decodeBase64` stumbled over in a text whose payload begins at `start`. */
function faultOf(text: string, start: number): Fault {
  const end = text.trimEnd().length;
  const first = text.length - text.slice(start).trimStart().length;
  if (first >= end) return { received: "an empty text" };
  // Line breaks, and the blanks behind them, are allowed: the lengths stay, and so all positions.
  const lines = text.slice(first, end).replace(/[\r\n][\t ]+/g, (run) => "\n".repeat(run.length));
  const at = lines.replace(/={1,2}$/, "").search(/[^\w+/\r\n-]/);
  if (at >= 0) return strayCharacter(lines, at, first + at);
  const count = lines.replace(/[\r\n=]/g, "").length;
  if (count === 0) return { received: "padding alone" };
  return {
    received: `${count} characters, which end within a byte`,
    hint: "the text was cut off, or has lost a character: no length of base64 is a multiple of 4 and 1 more",
  };
}

function strayCharacter(text: string, at: number, position: number): Fault {
  const character = String.fromCodePoint(text.codePointAt(at)!);
  const name = character === " " ? "a blank" : `the character ${JSON.stringify(character)}`;
  const hint = /^b?['"]/.test(text) ? quoted : hints[character];
  return { received: `${name} at position ${position}`, ...(hint !== undefined && { hint }) };
}

const quoted = "the text has quotation marks of its own; from Python, send base64.b64encode(data).decode()";

/** What probably happened, by the character that it left. */
const hints: Readonly<Record<string, string>> = {
  " ": "a + becomes a blank where a text passes through a form or URL: write %2B there",
  "%": "the text is percent-encoded: decode it first",
  "=": "padding stands at the end only, at most twice: send one picture in each text",
};
