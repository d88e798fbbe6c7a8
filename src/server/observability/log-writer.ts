/**
 * Log lines on their way to a file or to standard output: gathered into blocks and written in the
 * background. A full disk or a stalled reader costs lines, never the service or its end.
 */
import { constants, write as writeAt, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { ensureFolder } from "../../base/files/atomic-file.ts";
import { systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import { endsWithin } from "../../base/within.ts";

export interface LogWriter {
  /** Takes whole lines at once. */
  write(line: string): void;
  /** Writes what is left, as far as that is taken within `limitMs`. */
  close(limitMs: number): Promise<void>;
}

export interface LogWriterEvents {
  /** Lines cannot be written: the first failure of a series. */
  readonly failed: (error: Error) => void;
  /** Writing works again, after so many lines were lost. */
  readonly recovered: (lostLines: number) => void;
}

/** Lines are written in blocks of this size, or after this time. */
const blockLength = 4096;
const flushMs = 1000;
/** Held for a full disk or a stalled reader, before lines are dropped. */
const maxLength = 8 * 2 ** 20;
const retryMs = 50;

const standardOutput = 1;
const write = promisify(writeAt);

/** Errors: FILE_WRITE_FAILED for a file that cannot be opened. */
export async function openLogWriter(file: string | undefined, events: LogWriterEvents): Promise<LogWriter> {
  if (file === undefined) {
    // Node makes a pipe non-blocking when it is first asked for: a stalled reader would else hold
    // a thread of the pool, and with it the end of the process.
    void process.stdout;
    return createLogWriter(standardOutput, events);
  }
  const handle = await openFile(file);
  const writer = createLogWriter(handle.fd, events);
  return {
    write: writer.write,
    async close(limitMs) {
      await writer.close(limitMs);
      await endsWithin(
        handle.close().catch(() => undefined),
        limitMs,
      );
    },
  };
}

async function openFile(file: string): Promise<FileHandle> {
  await ensureFolder(dirname(file));
  const { O_APPEND, O_CREAT, O_WRONLY, O_NONBLOCK } = constants;
  // Non-blocking, or opening a FIFO would wait for its reader. Windows has no such flag.
  return open(file, O_APPEND | O_CREAT | O_WRONLY | (O_NONBLOCK ?? 0)).catch((error: unknown) => {
    throw writeFailure(file, error);
  });
}

function createLogWriter(fd: number, { failed, recovered }: LogWriterEvents): LogWriter {
  let pending = "";
  let lost = 0;
  let isFailing = false;
  let isCutShort = false;
  let isClosing = false;
  let isOver = false;
  let underWay: Promise<void> | undefined;

  const flush = (): void => {
    if (pending !== "") underWay ??= writeBlocks();
  };
  async function writeBlocks(): Promise<void> {
    do {
      const block = pending;
      pending = "";
      // A line that a full disk cut in two must not run into the next one.
      await writeBlock(Buffer.from(isCutShort ? `\n${block}` : block));
    } while (pending.length >= (isClosing ? 1 : blockLength) && !isOver);
    underWay = undefined;
  }
  async function writeBlock(block: Buffer): Promise<void> {
    let written = 0;
    try {
      while (written < block.length && !isOver) written += await writeSome(fd, block.subarray(written));
      isFailing = false;
    } catch (error) {
      lost += linesIn(block.subarray(written));
      if (!isFailing) failed(error instanceof Error ? error : new Error(String(error)));
      isFailing = true;
    }
    if (written > 0) isCutShort = block[written - 1] !== newline;
    if (lost === 0 || isFailing || pending.length > maxLength / 2) return;
    const lines = lost;
    lost = 0;
    recovered(lines);
  }

  const timer = setInterval(flush, flushMs).unref();
  // A process that ends by itself, as after a fault, still writes its last lines; not behind a
  // write under way, which may be one that nobody takes.
  const atExit = (): void => {
    if (underWay !== undefined || pending === "") return;
    try {
      writeSync(fd, pending);
    } catch {
      // Nowhere is left to report it.
    }
  };
  process.on("exit", atExit);

  return {
    write(line) {
      if (isClosing || pending.length + line.length > maxLength) {
        lost++;
        return;
      }
      pending += line;
      if (pending.length >= blockLength) flush();
    },
    async close(limitMs) {
      clearInterval(timer);
      isClosing = true;
      flush();
      if (underWay !== undefined) await endsWithin(underWay, limitMs);
      isOver = true;
      process.off("exit", atExit);
    },
  };
}

/** How many bytes were taken: 0 by a reader that is behind, after a pause. */
async function writeSome(fd: number, bytes: Buffer): Promise<number> {
  try {
    return (await write(fd, bytes)).bytesWritten;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code !== "EAGAIN" && code !== "EBUSY") throw error;
    await pause(retryMs, undefined, { ref: false });
    return 0;
  }
}

const newline = 10;

function linesIn(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === newline) count++;
  return count;
}
