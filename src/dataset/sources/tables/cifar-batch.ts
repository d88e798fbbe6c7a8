/**
 * Reads one batch of CIFAR-10's binary version (https://www.cs.toronto.edu/~kriz/cifar.html):
 * records of one label byte and 3,072 bytes of pixels, 32 x 32 red, then green, then blue.
 */
import { closeSync, fstatSync, readSync } from "node:fs";
import { AppError } from "../../../base/errors.ts";
import { readFailure } from "../../../base/files/file-failure.ts";
import { openRegularFileSync } from "../../../base/files/regular-file.ts";
import type { PixelImage } from "../../../image/decode.ts";
import { sourceChanged, stampOf } from "../stamped-file.ts";

const sidePx = 32;
const planeBytes = sidePx * sidePx;
const recordBytes = 1 + 3 * planeBytes;
/** Records that are read at once while labels are collected: 3 MB. */
const recordsPerRead = 1000;

export interface CifarBatch {
  readonly path: string;
  /** Size and time of change of the file. */
  readonly stamp: string;
  /** The class of each record. */
  readonly classes: Uint8Array;
  /**
   * Reads the picture of a record: uint8 `[32, 32, 3]`. Synchronous, since a sample's `image` is a
   * property; from the system's cache it takes some microseconds. Errors: SOURCE_CHANGED,
   * FILE_READ_FAILED.
   */
  readImage(at: number): PixelImage;
  close(): void;
}

/**
 * Opens a batch and reads its labels. Errors: FILE_NOT_FOUND, FILE_READ_FAILED, SOURCE_CHANGED;
 * CIFAR_INVALID for its length.
 */
export function openCifarBatch(path: string): CifarBatch {
  const descriptor = openRegularFileSync(path);
  try {
    const stats = attempt(path, () => fstatSync(descriptor, { bigint: true }));
    const sizeBytes = Number(stats.size);
    if (sizeBytes === 0 || sizeBytes % recordBytes !== 0) {
      throw cifarInvalid(`a batch of CIFAR-10 with records of ${recordBytes} bytes`, `${sizeBytes} bytes`, path);
    }
    const stamp = stampOf(stats);
    const classes = readClasses(descriptor, sizeBytes / recordBytes, path);
    if (stampOfDescriptor(descriptor, path) !== stamp) throw sourceChanged(path);
    return {
      path,
      stamp,
      classes,
      readImage: (at) => readImage(descriptor, path, stamp, at),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Puts the three planes of a record side by side. */
function readImage(descriptor: number, path: string, stamp: string, at: number): PixelImage {
  const planes = new Uint8Array(3 * planeBytes);
  const bytesRead = attempt(path, () => readSync(descriptor, planes, 0, planes.length, at * recordBytes + 1));
  if (bytesRead < planes.length || stampOfDescriptor(descriptor, path) !== stamp) throw sourceChanged(path);
  const pixels = new Uint8Array(3 * planeBytes);
  for (let place = 0; place < planeBytes; place++) {
    pixels[3 * place] = planes[place]!;
    pixels[3 * place + 1] = planes[planeBytes + place]!;
    pixels[3 * place + 2] = planes[2 * planeBytes + place]!;
  }
  return { width: sidePx, height: sidePx, channels: 3, pixels };
}

function readClasses(descriptor: number, count: number, path: string): Uint8Array {
  const classes = new Uint8Array(count);
  const records = new Uint8Array(Math.min(count, recordsPerRead) * recordBytes);
  for (let start = 0; start < count; start += recordsPerRead) {
    const end = Math.min(count, start + recordsPerRead);
    const sizeBytes = (end - start) * recordBytes;
    const bytesRead = attempt(path, () => readSync(descriptor, records, 0, sizeBytes, start * recordBytes));
    if (bytesRead < sizeBytes) throw sourceChanged(path);
    for (let at = start; at < end; at++) classes[at] = records[(at - start) * recordBytes]!;
  }
  return classes;
}

function stampOfDescriptor(descriptor: number, path: string): string {
  return stampOf(attempt(path, () => fstatSync(descriptor, { bigint: true })));
}

function attempt<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw readFailure(path, error);
  }
}

/** CIFAR_INVALID. */
export function cifarInvalid(required: string, received: string, where: string): AppError {
  return new AppError("CIFAR_INVALID", { required, received, where, hint: "download the files again" });
}
