/** One answer of a server to a download: redirects, status and stated length. */
import { AppError } from "../errors.ts";
import { fetch } from "../fetch.ts";
import { formatBytes } from "../quantity.ts";

/** Why one attempt ended; `retry` says whether another one may help. */
export class AttemptFailure extends Error {
  readonly retry: boolean;
  readonly waitMs: number | undefined;

  constructor(message: string, retry: boolean, waitMs?: number) {
    super(message);
    this.retry = retry;
    this.waitMs = waitMs;
  }
}

const maximumRedirects = 5;

/**
 * Redirects by hand: a handful, to http or https only, and never from https back to http. User and
 * password stay with the origin that they were given for.
 */
export async function follow(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  let address = new URL(url);
  let { authorization, ...sent } = headers;
  for (let count = 0; count <= maximumRedirects; count++) {
    // Packed transfer would make lengths and ranges those of the packed bytes.
    const response = await fetch(address, {
      headers: { ...sent, ...(authorization !== undefined && { authorization }), "accept-encoding": "identity" },
      redirect: "manual",
      signal,
    });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) return requireStatus(response);
    await response.body?.cancel();
    const next = new URL(location, address);
    const isSafe = next.protocol === "https:" || (next.protocol === "http:" && address.protocol === "http:");
    if (!isSafe) throw new AttemptFailure(`a redirect to ${next.protocol}//, which is not followed`, false);
    if (next.origin !== address.origin) authorization = undefined;
    // fetch refuses them, in an error that shows them.
    next.username = "";
    next.password = "";
    address = next;
  }
  throw new AttemptFailure(`more than ${maximumRedirects} redirects`, false);
}

async function requireStatus(response: Response): Promise<Response> {
  const { status } = response;
  // 416: there is nothing behind the part; the caller starts again.
  if (status === 200 || status === 206 || status === 416) return response;
  await response.body?.cancel();
  const isTransient = status >= 500 || status === 429 || status === 408;
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  throw new AttemptFailure(`status ${status}`, isTransient, Number.isFinite(seconds) ? seconds * 1000 : undefined);
}

/**
 * The length that the server states must be the one that was published, or one that is allowed, before
 * anything is written.
 */
export function requireLength(
  response: Response,
  isContinued: boolean,
  have: number,
  {
    sizeBytes,
    maximumBytes = Number.POSITIVE_INFINITY,
  }: { readonly sizeBytes?: number; readonly maximumBytes?: number },
  where: string,
): void {
  const stated = isContinued
    ? /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1]
    : response.headers.get("content-length");
  const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  if (isContinued && start !== undefined && Number(start) !== have) {
    throw new AttemptFailure(`a continuation at byte ${start} instead of ${have}`, true);
  }
  if (stated === undefined || stated === null) return;
  if (Number(stated) > maximumBytes) throw tooLarge(where, formatBytes(Number(stated)), maximumBytes);
  if (sizeBytes !== undefined && Number(stated) !== sizeBytes) throw wrongLength(where, `${stated} bytes`, sizeBytes);
}

export function tooLarge(where: string, received: string, maximumBytes: number): AppError {
  return new AppError("DOWNLOAD_MISMATCH", {
    required: `a file of at most ${formatBytes(maximumBytes)}`,
    received,
    where,
    hint: "raise the limit, or give the address of a smaller file",
  });
}

export function wrongLength(where: string, received: string, sizeBytes: number): AppError {
  return new AppError("DOWNLOAD_MISMATCH", {
    required: `a file of ${sizeBytes} bytes, as it was published`,
    received,
    where,
    hint: "look whether the address is right and nothing in between (a proxy's login page) answers in its place",
  });
}
