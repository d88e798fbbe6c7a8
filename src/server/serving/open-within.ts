/** Opens something that may take for ever, and leaves nothing of it where it does. */
import { interruptionOf } from "../../base/cancel.ts";
import type { AppError } from "../../base/errors.ts";

export interface OpeningLimits {
  readonly timeoutMs: number;
  readonly tooLong: () => AppError;
  /** Ends the opening from outside. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What `open` gives, if it does so in time. Its signal is aborted when time is up: it ends what it
 * has begun. What it opens too late is put away. Errors: those of `open`; `tooLong`; INTERRUPTED.
 */
export async function openWithin<T>(
  { timeoutMs, tooLong, signal }: OpeningLimits,
  open: (ending: AbortSignal) => Promise<T>,
  putAway: (opened: T) => Promise<void>,
): Promise<T> {
  const ending = new AbortController();
  const endFromOutside = (): void => ending.abort(interruptionOf(signal!)); // called by that signal
  const timer = setTimeout(() => ending.abort(tooLong()), timeoutMs);
  signal?.addEventListener("abort", endFromOutside, { once: true });
  if (signal?.aborted) endFromOutside();
  const opening = open(ending.signal);
  try {
    const opened = await Promise.race([opening, whenAborted(ending.signal)]);
    if (ending.signal.aborted) throw ending.signal.reason;
    return opened;
  } catch (error) {
    if (!ending.signal.aborted) throw error;
    // Native code may go on for a while; nobody waits for it.
    void opening.then(putAway).catch(() => undefined);
    throw ending.signal.reason;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", endFromOutside);
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
