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

/** Checks the hash of the whole part, flushes it and gives it its name. */
export async function finishPart(to: string, sha256: string, signal: AbortSignal | undefined): Promise<void> {
  const part = `${to}.part`;
  const hex = await sha256File(part, signal);
  if (hex !== sha256) {
    await removePart(to);
    throw new AppError("DOWNLOAD_MISMATCH", {
      required: `the file with SHA-256 ${sha256}`,
      received: `one with ${hex}, which was deleted`,
      where: to,
      hint: "run it again; if it comes again, the publisher has changed the file",
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
