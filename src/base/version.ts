/** The version of the installed package. */
import { readFile } from "node:fs/promises";

/**
 * The `version` of package.json, which stands two folders above this file both as source and
 * compiled.
 */
export async function readVersion(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  const { version }: { version: string } = JSON.parse(text); // npm refuses to pack or install a package without one
  return version;
}
