/** A file behind an address `http://` or `https://`. */
import { createHash } from "node:crypto";
import { AppError } from "../../base/errors.ts";
import { fetch } from "../../base/fetch.ts";
import { downloadFile } from "../../base/files/download.ts";
import type { ImportOrigin } from "./import-origin.ts";

/** Errors: DOWNLOAD_FAILED. */
export async function openHttpOrigin(url: string, signal?: AbortSignal): Promise<ImportOrigin> {
  const facts = await askFor(url, signal);
  const { sizeBytes } = facts;
  const checksum = checksumOf(url, facts);
  return {
    version: { checksum, ...(sizeBytes !== undefined && { sizeBytes }) },
    versionKey: checksum,
    async fetchTo(path, options) {
      await downloadFile({ urls: [url], to: path, ...(sizeBytes !== undefined && { sizeBytes }) }, options);
      if (checksumOf(url, await askFor(url, options.signal)) === checksum) return;
      throw new AppError("SOURCE_CHANGED", {
        required: "a file that stays as it is while it is downloaded",
        received: "another version",
        where: url,
        hint: "run it again",
      });
    },
    async close() {},
  };
}

interface HttpFacts {
  readonly sizeBytes: number | undefined;
  readonly address: string;
  readonly headers: Headers;
}

/** A HEAD request; where a server refuses or does not say the size, a GET whose body is not read. */
async function askFor(url: string, signal: AbortSignal | undefined): Promise<HttpFacts> {
  let failure = "no answer";
  for (const method of ["HEAD", "GET"]) {
    try {
      const response = await fetch(url, {
        method,
        headers: { "accept-encoding": "identity" },
        signal: AbortSignal.any([AbortSignal.timeout(60_000), ...(signal ? [signal] : [])]),
      });
      await response.body?.cancel();
      failure = `status ${response.status}`;
      const size = response.headers.get("content-length");
      if (!response.ok || (size === null && method === "HEAD")) continue;
      return { sizeBytes: size === null ? undefined : Number(size), address: response.url, headers: response.headers };
    } catch (error) {
      signal?.throwIfAborted();
      failure = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    }
  }
  throw new AppError("DOWNLOAD_FAILED", {
    required: "an answer with the file's facts",
    received: failure,
    where: url,
    hint: "open the address in a browser; run it again",
  });
}

/**
 * The ETag as it was sent, else Content-MD5. Where a server has neither, DVC takes the MD5, as a
 * decimal number, of what fsspec knows of the file, written as Python writes it.
 */
function checksumOf(url: string, { headers, address, sizeBytes }: HttpFacts): string {
  const known = headers.get("etag") ?? headers.get("content-md5");
  if (known) return known;
  const type = headers.get("content-type");
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["name", pythonText(url)],
    ["size", sizeBytes === undefined ? "None" : String(sizeBytes)],
    ["mimetype", type === null ? undefined : pythonText(type.split(";")[0] ?? "")],
    ["partial", headers.get("accept-ranges") === "none" ? "False" : undefined],
    ["url", pythonText(address)],
    ...["Digest", "Last-Modified"].map((name) => {
      const value = headers.get(name);
      return [name, value ? pythonText(value) : undefined] as const;
    }),
    ["type", pythonText("file")],
  ];
  const text = facts.flatMap(([name, value]) => (value === undefined ? [] : [`'${name}': ${value}`])).join(", ");
  return BigInt(`0x${createHash("md5").update(`({${text}},)`).digest("hex")}`).toString();
}

function pythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return `${quote}${text.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`)}${quote}`;
}
