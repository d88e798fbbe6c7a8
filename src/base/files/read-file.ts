/** Whole files, with the system's refusals as coded errors. */
import { readFile } from "node:fs/promises";
import { readFailure } from "./file-failure.ts";

/** Errors: FILE_NOT_FOUND, FILE_READ_FAILED; `where` is the file's name in them. */
export function readBytes(path: string, where = path): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw readFailure(where, error);
  });
}

/** As UTF-8. Errors: as `readBytes`. */
export async function readText(path: string, where = path): Promise<string> {
  return (await readBytes(path, where)).toString("utf8");
}
