/** The partial file `TO.part` and the validator of its origin. */
import { type FileHandle, open, readFile, rename, rm, stat } from "node:fs/promises";
import { AppError } from "../errors.ts";
import { sha256File } from "../hash.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { writeFailure } from "./file-failure.ts";

export async function partSize(to: string): Promise<number> {
  return stat(`${to}.part`).then(
    ({ size }) => size,
    () => 0,
  );
}

export async function appendToPart(handle: FileHandle, chunk: Uint8Array, to: string): Promise<void> {
  try {
    await handle.appendFile(chunk);
  } catch (error) {
    throw writeFailure(to, error);
  }
}

/** Checks the hash of the whole part, where one is known, flushes it and gives it its name. */
export async function finishPart(
  to: string,
  { sha256, where = to }: { readonly sha256?: string; readonly where?: string },
  signal: AbortSignal | undefined,
): Promise<void> {
  const part = `${to}.part`;
  const hex = sha256 === undefined ? undefined : await sha256File(part, signal);
  if (hex !== sha256) {
    const isPage = await startsAsPage(part);
    await removePart(to);
    throw new AppError("DOWNLOAD_MISMATCH", {
      required: `the file with SHA-256 ${sha256}`,
      received: `${isPage ? "an HTML page" : "one"} with ${hex}, which was deleted`,
      where,
      hint: isPage
        ? "open the address in a browser: it is a page about the file, a login or an error; take the address of the file itself"
        : "run it again; if it comes again, the publisher has changed the file",
    });
  }
  try {
    const handle = await open(part, "r+");
    await handle.sync().finally(() => handle.close());
    await rename(part, to);
  } catch (error) {
    throw writeFailure(to, error);
  }
  await rm(`${part}.json`, { force: true });
}

/** Whether a part is what web servers send in place of a file. */
async function startsAsPage(part: string): Promise<boolean> {
  const handle = await open(part);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
    return /^\uFEFF?\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head)\b/is.test(buffer.toString("utf8", 0, bytesRead));
  } finally {
    await handle.close();
  }
}

export async function removePart(to: string): Promise<void> {
  await rm(`${to}.part`, { force: true });
  await rm(`${to}.part.json`, { force: true });
}

/** The validator for If-Range: strong ETag, else Last-Modified. */
export async function readValidator(to: string, url: string): Promise<string | undefined> {
  try {
    const kept: { url?: unknown; validator?: unknown } = JSON.parse(await readFile(`${to}.part.json`, "utf8"));
    return kept.url === url && typeof kept.validator === "string" ? kept.validator : undefined;
  } catch {
    // Without it the download starts again.
    return undefined;
  }
}

export async function writeValidator(to: string, url: string, { headers }: Response): Promise<void> {
  const etag = headers.get("etag");
  const validator = etag !== null && !etag.startsWith("W/") ? etag : (headers.get("last-modified") ?? undefined);
  await writeFileAtomic(`${to}.part.json`, JSON.stringify({ url, validator }), { force: true });
}
