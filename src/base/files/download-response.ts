/** One answer of a server to a download: redirects, status and stated length. */
import { AppError } from "../errors.ts";

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

/** Redirects by hand: a handful, to http or https only, and never from https back to http. */
export async function follow(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  let address = new URL(url);
  for (let count = 0; count <= maximumRedirects; count++) {
    // Packed transfer would make lengths and ranges those of the packed bytes.
    const response = await fetch(address, {
      headers: { ...headers, "accept-encoding": "identity" },
      redirect: "manual",
      signal,
    });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) return requireStatus(response);
    await response.body?.cancel();
    const next = new URL(location, address);
    const isSafe = next.protocol === "https:" || (next.protocol === "http:" && address.protocol === "http:");
    if (!isSafe) throw new AttemptFailure(`a redirect to ${next.protocol}//, which is not followed`, false);
    address = next;
  }
  throw new AttemptFailure(`more than ${maximumRedirects} redirects`, false);
}

async function requireStatus(response: Response): Promise<Response> {
  const { status } = response;
  if (status === 200 || status === 206) return response;
  await response.body?.cancel();
  const isTransient = status >= 500 || status === 429 || status === 408;
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  throw new AttemptFailure(`status ${status}`, isTransient, Number.isFinite(seconds) ? seconds * 1000 : undefined);
}

/**
 * The length that the server states must be the one that was published, before anything is written.
 */
export function requireLength(
  response: Response,
  isContinued: boolean,
  have: number,
  sizeBytes: number,
  to: string,
): void {
  const stated = isContinued
    ? /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1]
    : response.headers.get("content-length");
  const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  if (isContinued && start !== undefined && Number(start) !== have) {
    throw new AttemptFailure(`a continuation at byte ${start} instead of ${have}`, true);
  }
  if (stated === undefined || stated === null || Number(stated) === sizeBytes) return;
  throw wrongLength(to, `${stated} bytes`, sizeBytes);
}

export function wrongLength(to: string, received: string, sizeBytes: number): AppError {
  return new AppError("DOWNLOAD_MISMATCH", {
    required: `a file of ${sizeBytes} bytes, as it was published`,
    received,
    where: to,
    hint: "look whether the address is right and nothing in between (a proxy's login page) answers in its place",
  });
}
