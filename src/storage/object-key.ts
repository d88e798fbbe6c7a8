/** Keys of objects: names separated by `/`, safe as relative paths on every system. */
import { AppError } from "../base/errors.ts";

/** Names that begin so are the stores' own: temporary files and locks of a folder. */
export const reservedStart = ".pawprint-";

/** Why a key is refused, as a noun phrase; undefined for a key that a store takes. */
export function keyFaultOf(key: string): string | undefined {
  if (key === "") return "no characters";
  if (key.includes("\0")) return "a NUL character";
  if (key.includes("\\")) return "a backslash";
  if (/^[a-z]:/i.test(key) || key.startsWith("/")) return "an absolute path";
  const names = key.split("/");
  if (names.includes("")) return "an empty name between slashes";
  if (names.some((name) => name === "." || name === "..")) return "a '.' or '..' among its names";
  if (names.some((name) => name.startsWith(reservedStart))) return `a name that begins with ${reservedStart}`;
  return undefined;
}

/** Errors: STORE_KEY_INVALID. */
export function requireKey(key: string, where: string): void {
  const fault = keyFaultOf(key);
  if (fault === undefined) return;
  throw new AppError("STORE_KEY_INVALID", {
    required: "a key of one or more names separated by '/'",
    received: `${JSON.stringify(key.slice(0, 120))} with ${fault}`,
    where,
  });
}

/** Holds the folders of a prefix to the rules for keys. Errors: STORE_KEY_INVALID. */
export function requirePrefix(prefix: string, where: string): void {
  const end = prefix.lastIndexOf("/");
  if (end >= 0) requireKey(prefix.slice(0, end), where);
}
