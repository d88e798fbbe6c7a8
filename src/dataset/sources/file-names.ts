/**
 * Lists a folder whose names may be of any encoding: on Linux they are bytes, and Node.js puts U+FFFD
 * where these are not UTF-8, after which nothing of that name is found.
 */
import { isUtf8 } from "node:buffer";
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { quoted } from "./label.ts";
import { escapedBytes, otherReadings } from "./name-encoding.ts";

export interface FolderNames {
  readonly entries: readonly Dirent[];
  /** Files and folders that cannot be opened under the name that Node.js gives them. */
  readonly undecodable: readonly UndecodableName[];
}

export interface UndecodableName {
  /** With `\\xE9` for bytes that are not ASCII. */
  readonly name: string;
  /** A noun phrase, with what can be done. */
  readonly reason: string;
}

/** Everything in a folder, not what lies deeper. Throws the system's errors. */
export async function listNames(folder: string): Promise<FolderNames> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (!entries.some(({ name }) => name.includes("\ufffd"))) return { entries, undecodable: [] };
  const raw = await readdir(folder, { withFileTypes: true, encoding: "buffer" });
  const broken = raw.filter(({ name }) => !isUtf8(name));
  const lost = new Set(broken.map(({ name }) => name.toString()));
  return {
    entries: entries.filter(({ name }) => !lost.has(name)),
    undecodable: broken.map((entry) => ({
      name: escapedBytes(entry.name),
      reason: reasonFor(entry.name, entry.isDirectory() ? "a folder" : "a file"),
    })),
  };
}

function reasonFor(name: Buffer, what: string): string {
  const readings = otherReadings([name]);
  const could = readings.map(({ text, label }) => `${quoted(text, 60)} in ${label}`);
  const meaning = could.length === 0 ? "" : `; it could be ${could.join(", ")}`;
  return `${what} whose name is not UTF-8${meaning}; rename it: convmv -f ${readings[0]?.label ?? "ENCODING"} -t utf8 -r --notest FOLDER`;
}
