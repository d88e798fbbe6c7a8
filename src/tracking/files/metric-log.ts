/**
 * Appends points to metrics' files: whole lines, one write for all of a call, never a line that is
 * there. What a killed process left of a line is cut off first.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { AppError } from "../../base/errors.ts";
import { systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import type { MetricPoint } from "../run.ts";
import { canonicalLines, formatMetricLine, parseMetricFile } from "./metric-lines.ts";
import { readPlainFile } from "./plain-files.ts";
import { largestMetricBytes } from "./run-folder.ts";

/** What is known of a file, as long as its size stays. */
interface Known {
  size: number;
  lastStep: number;
  lastTimeMs: number;
  /** All its lines; made when a point may be one of them. */
  lines: Set<string> | undefined;
}

/** Lines of one file that are held to compare with; beyond them the file is read again. */
const mostLines = 100_000;

export class MetricLog {
  readonly #known = new Map<string, Known>();

  /**
   * `suffix` ends each line. `temporaryIn` is a folder on the same disk in which nobody looks for
   * metrics. Errors: FILE_READ_FAILED, FILE_WRITE_FAILED.
   */
  async append(path: string, points: readonly MetricPoint[], temporaryIn: string, suffix = ""): Promise<void> {
    if (points.length === 0) return;
    try {
      for (;;) {
        const known = await this.#know(path);
        const text = this.#newLines(path, known, points, suffix);
        if (text === "") return;
        if (known.size > 0) return this.#appendTo(path, known, text);
        if (createWhole(path, text, temporaryIn)) {
          known.size = Buffer.byteLength(text);
          return;
        }
        this.#known.delete(path); // another process made the file meanwhile
      }
    } catch (error) {
      this.#known.delete(path);
      throw error instanceof AppError ? error : writeFailure(path, error);
    }
  }

  /** What is known of the file as it is now, its torn end cut off. */
  async #know(path: string): Promise<Known> {
    const size = await cutTornEnd(path);
    const known = this.#known.get(path);
    if (known !== undefined && known.size === size) return known;
    const fresh: Known = { size, lastStep: Number.NEGATIVE_INFINITY, lastTimeMs: -1, lines: undefined };
    const bytes = size === 0 ? undefined : readPlainFile(path, largestMetricBytes);
    for (const point of bytes ? parseMetricFile("", bytes) : []) noteLast(fresh, point);
    this.#known.set(path, fresh);
    return fresh;
  }

  /** The lines of the points that the file does not have. */
  #newLines(path: string, known: Known, points: readonly MetricPoint[], suffix: string): string {
    const lines: string[] = [];
    for (const point of points) {
      const line = formatMetricLine(point) + suffix;
      const isNew = point.step > known.lastStep || point.timestampMs > known.lastTimeMs;
      if (!isNew) {
        known.lines ??= new Set([...linesOf(path, known.size, suffix !== ""), ...lines]);
        if (known.lines.has(line)) continue;
      }
      known.lines?.add(line);
      noteLast(known, point);
      lines.push(line);
    }
    if (known.lines !== undefined && known.lines.size > mostLines) known.lines = undefined;
    return lines.map((line) => `${line}\n`).join("");
  }

  #appendTo(path: string, known: Known, text: string): void {
    const bytes = Buffer.from(text);
    const file = openSync(path, constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0));
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      // Another process that wrote in between makes another size: the file is read anew then.
      known.size += bytes.length;
    } finally {
      closeSync(file);
    }
  }
}

function noteLast(known: Known, { step, timestampMs }: MetricPoint): void {
  if (step > known.lastStep) known.lastStep = step;
  if (timestampMs > known.lastTimeMs) known.lastTimeMs = timestampMs;
}

function linesOf(path: string, size: number, withRest: boolean): Iterable<string> {
  const bytes = size === 0 ? undefined : readPlainFile(path, largestMetricBytes);
  return bytes ? canonicalLines(bytes, withRest) : [];
}

/** A torn line stays as it is for so long; one that grows is being written by another process. */
const stillMs = 50;

/** Cuts off a last line without its end; gives the size, 0 for a file that is not there. */
async function cutTornEnd(path: string): Promise<number> {
  let file: number;
  try {
    file = openSync(path, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return 0;
    throw error;
  }
  try {
    for (;;) {
      const { size } = fstatSync(file);
      const end = wholeEnd(file, size);
      if (end === size) return size;
      await pause(stillMs);
      if (fstatSync(file).size !== size) continue;
      // No line is whole: what replaces the file comes in one step, so that it is never empty.
      if (end > 0) ftruncateSync(file, end);
      return end;
    }
  } finally {
    closeSync(file);
  }
}

/** Where the last whole line ends. */
function wholeEnd(file: number, size: number): number {
  const chunk = Buffer.allocUnsafe(4096);
  for (let end = size; end > 0; end -= chunk.length) {
    const start = Math.max(0, end - chunk.length);
    const count = readSync(file, chunk, 0, end - start, start);
    if (end === size && count > 0 && chunk[count - 1] === 10) return size;
    const newline = chunk.lastIndexOf(10, count - 1);
    if (count > 0 && newline >= 0) return start + newline + 1;
  }
  return 0;
}

/**
 * Makes a file, or replaces one without a whole line; false where another process made it at the
 * same time. It has its content from the first moment, since MLflow fails on an empty one.
 */
function createWhole(path: string, text: string, temporaryIn: string): boolean {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = join(temporaryIn, `.pawprint-${randomBytes(6).toString("hex")}.tmp`);
  writeFileSync(temporary, text, { flag: "wx" });
  try {
    try {
      linkSync(temporary, path);
      return true;
    } catch (error) {
      if (systemCodeOf(error) === "EEXIST" && hasWholeLine(path)) return false;
      renameSync(temporary, path); // torn to its start, or a disk without links
      return true;
    }
  } finally {
    rmSync(temporary, { force: true });
  }
}

function hasWholeLine(path: string): boolean {
  return readPlainFile(path, largestMetricBytes)?.includes(10) ?? false;
}
