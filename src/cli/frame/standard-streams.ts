/**
 * Standard output and standard error, which may end before the program does: a reader has seen
 * enough (`pawprint errors | head -1`), a disk is full, a reader has stalled.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { AppError } from "../../base/errors.ts";
import { systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";

type TextStream = Pick<NodeJS.WriteStream, "write" | "on">;

/** What shells give for a program that a closed pipe ended: 128 + SIGPIPE. */
const closedPipeCode = 141;
/** How long a reader may take after a signal. */
const afterSignalMs = 1000;

export interface StandardStream {
  /** Takes text in order; drops it once the stream has failed. */
  readonly write: (text: string) => void;
  /**
   * Ends when all was taken or the stream has failed; a moment after `signal` is aborted at the
   * latest.
   */
  taken(signal: AbortSignal): Promise<void>;
}

/** `failed` is told once. */
export function openStandardStream(stream: TextStream, failed: (error: Error) => void): StandardStream {
  let isBroken = false;
  let waiting = 0;
  let allTaken: (() => void) | undefined;
  const settle = (): void => {
    if (waiting === 0 || isBroken) allTaken?.();
  };
  // Node emits each failure beside the callback; unheard it would end the process with a stack.
  stream.on("error", (error: Error) => {
    if (isBroken) return;
    isBroken = true;
    failed(error);
    settle();
  });
  return {
    write(text) {
      if (isBroken) return;
      waiting++;
      stream.write(text, () => {
        waiting--;
        settle();
      });
    },
    async taken(signal) {
      const over = new AbortController();
      const all = new Promise<void>((resolve) => {
        allTaken = resolve;
        settle();
      });
      const late = aborted(signal, over.signal).then(() => pause(afterSignalMs, undefined, { signal: over.signal }));
      await Promise.race([all, late.catch(() => undefined)]);
      over.abort();
    },
  };
}

/** Ends when `signal` is aborted, or when `over` is. */
function aborted(signal: AbortSignal, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else for (const one of [signal, over]) one.addEventListener("abort", () => resolve(), { once: true });
  });
}

export interface StandardOutput extends StandardStream {
  /**
   * From here on the command goes on where its output cannot be written. `isNeeded` says that the
   * output is a part of its result all the same.
   */
  readonly workOn: (isNeeded: boolean) => void;
  /** The exit code, given that of the command. */
  readonly exitCodeFor: (commandCode: number) => number;
}

export interface StandardOutputActions {
  /** Shows why the output is not whole; not for a reader that went away. */
  readonly tell: (error: AppError) => void;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

/**
 * A command whose output is its result ends as soon as that cannot be written: with 141 as programs
 * that a closed pipe ends, with 1 for any other reason. One that leaves files works on; with a
 * reader gone its exit code is that of its work.
 */
export function openStandardOutput(stream: TextStream, { tell, exit }: StandardOutputActions): StandardOutput {
  let goesOn = false;
  let isNeeded = true;
  let failureCode = 0;
  const output = openStandardStream(stream, (error) => {
    const isClosed = systemCodeOf(error) === "EPIPE";
    if (!isClosed) tell(writeFailure("standard output", error));
    failureCode = isClosed ? closedPipeCode : 1;
    if (!goesOn) exit(failureCode);
    else if (isClosed && !isNeeded) failureCode = 0;
  });
  return {
    ...output,
    workOn(needed) {
      goesOn = true;
      isNeeded = needed;
    },
    exitCodeFor: (commandCode) => (commandCode === 0 ? failureCode : commandCode),
  };
}
