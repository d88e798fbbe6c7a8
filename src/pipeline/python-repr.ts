/** Values as Python's repr writes them, which DVC shows lists as. */

import type { ParamValue } from "../versioning/formats/param-value.ts";
import { pythonText } from "../versioning/stages/templates.ts";

export function pythonRepr(value: ParamValue): string {
  if (typeof value === "string") return textRepr(value);
  if (value instanceof Map) {
    return `{${[...value].map(([key, one]) => `${textRepr(key)}: ${pythonRepr(one)}`).join(", ")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  return pythonText(value as null | boolean | bigint | number); // all else is handled above
}

const escapes = new Map([
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

function textRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = text.replace(/[\\\p{C}\p{Zl}\p{Zp}\p{Zs}']/gu, (character) => {
    if (character === " ") return character;
    if (character === "'") return quote === "'" ? "\\'" : "'";
    const code = character.codePointAt(0)!; // there is one
    const [letter, digits] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
    return escapes.get(character) ?? `\\${letter}${code.toString(16).padStart(digits as number, "0")}`;
  });
  return `${quote}${inner}${quote}`;
}
