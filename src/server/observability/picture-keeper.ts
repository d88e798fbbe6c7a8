/**
 * Keeps a sample of the answered pictures. What its store has no room or no time for is dropped and
 * counted: a service's memory has a bound, its answers do not wait.
 */
import sharp from "sharp";
import { toAppError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { placeOfKey } from "../../base/place-of-key.ts";
import { endsWithin } from "../../base/within.ts";
import type { Recipe } from "../../image/recipe.ts";
import type { KeptPictures } from "../../prediction-log/kept-pictures.ts";
import type { KeptPicture } from "../../prediction-log/picture-key.ts";
import type { AnswerObserver } from "../answering/answered-pictures.ts";
import type { PictureInput } from "../input/picture-input.ts";
import type { Metrics } from "./metrics.ts";

export interface PictureKeeper {
  readonly observe: AnswerObserver;
  /** Pictures that wait to be written, those under way included. */
  readonly waiting: number;
  /** Once what waits is written. */
  idle(): Promise<void>;
  /** Writes what waits for at most five seconds; the rest is dropped and counted. */
  close(): Promise<void>;
}

export interface PictureKeeperOptions {
  readonly pictures: KeptPictures;
  readonly metrics: Pick<Metrics, "keptPicture" | "droppedPictures">;
  readonly logger: Logger;
  /** Of all requests, 0 to 100. */
  readonly percent: number;
  readonly retentionDays: number;
  /** What may wait; 256 pictures of together 64 MiB unless given. */
  readonly room?: { readonly pictures: number; readonly bytes: number };
}

interface Waiting {
  readonly picture: KeptPicture;
  /** With bytes of its own: those of a request are a part of its body. */
  readonly input: PictureInput;
  readonly recipe: Recipe;
  readonly sizeBytes: number;
}

const writtenAtOnce = 2;
/** After which a write is given up. */
const writeMs = 30_000;
const closeMs = 5000;
const dayMs = 24 * 3_600_000;
const cleaningMs = 3_600_000;

/** True for `percent` of all requests: independent of who gets the canary, and the same in every replica. */
export function isRequestKept(requestId: string, percent: number): boolean {
  return placeOfKey(`picture ${requestId}`) * 100 < percent;
}

export function createPictureKeeper(options: PictureKeeperOptions): PictureKeeper {
  const { pictures, metrics, logger, percent, retentionDays } = options;
  const { room = { pictures: 256, bytes: 64 * 2 ** 20 } } = options;
  const waiting: Waiting[] = [];
  const writing = new Set<Promise<void>>();
  let waitingBytes = 0;
  let isFailing = false;
  let isClosed = false;

  const write = async ({ picture, input, recipe, sizeBytes }: Waiting): Promise<void> => {
    try {
      const bytes = input.kind === "file" ? input.bytes : await pngOf(input.pixels, recipe);
      await pictures.keep(picture, bytes, { signal: AbortSignal.timeout(writeMs) });
      metrics.keptPicture();
      if (isFailing) logger.info(`pictures are kept in ${pictures.location} again`);
      isFailing = false;
    } catch (error) {
      metrics.droppedPictures(1);
      if (!isFailing) logger.warn(`pictures cannot be kept: ${toAppError(error).message}`);
      isFailing = true;
    } finally {
      waitingBytes -= sizeBytes;
    }
  };
  const writeNext = (): void => {
    while (writing.size < writtenAtOnce) {
      const next = waiting.shift();
      if (next === undefined) return;
      const pass = write(next).finally(() => {
        writing.delete(pass);
        writeNext();
      });
      writing.add(pass);
    }
  };
  const idle = async (): Promise<void> => {
    while (writing.size > 0) await Promise.all(writing);
  };
  const clean = (): void => {
    pictures.removeBefore(Date.now() - retentionDays * dayMs).catch((error: unknown) => {
      logger.warn("old pictures could not be removed", { error: toAppError(error).message });
    });
  };
  clean();
  const cleaning = setInterval(clean, cleaningMs).unref();

  const observe: AnswerObserver = ({ context, model, pictures: inputs }) => {
    if (!isRequestKept(context.id, percent)) return;
    const timeMs = Date.now();
    for (const [position, input] of inputs.entries()) {
      const sizeBytes = bytesOf(input).byteLength;
      const hasRoom = waiting.length + writing.size < room.pictures && waitingBytes + sizeBytes <= room.bytes;
      if (isClosed || !hasRoom) {
        metrics.droppedPictures(1);
        continue;
      }
      waitingBytes += sizeBytes;
      const picture = { requestId: context.id, position, timeMs };
      waiting.push({ picture, input: withOwnBytes(input), recipe: model.info.recipe, sizeBytes });
    }
    writeNext();
  };

  return {
    observe,
    get waiting() {
      return waiting.length + writing.size;
    },
    idle,
    async close() {
      isClosed = true;
      clearInterval(cleaning);
      await endsWithin(idle(), closeMs);
      const left = waiting.splice(0);
      if (left.length > 0) {
        metrics.droppedPictures(left.length);
        logger.warn(`${left.length} pictures could not be kept in ${pictures.location}`);
      }
      await pictures.close();
    },
  };
}

function bytesOf(input: PictureInput): Uint8Array {
  return input.kind === "file" ? input.bytes : input.pixels;
}

/** A copy, which `slice` is not for a Buffer. */
function withOwnBytes(input: PictureInput): PictureInput {
  const own = new Uint8Array(bytesOf(input));
  return input.kind === "file" ? { ...input, bytes: own } : { ...input, pixels: own };
}

/** `pixels` are uint8 `[H,W,C]` of the recipe's size. */
async function pngOf(pixels: Uint8Array, { width, height, channels }: Recipe): Promise<Uint8Array> {
  return sharp(pixels, { raw: { width, height, channels } }).png().toBuffer();
}
