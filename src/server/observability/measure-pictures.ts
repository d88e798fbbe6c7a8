/**
 * Adds picture statistics to rows of the prediction log, in a thread of its own and a while after the
 * answer: pictures are gathered and sent there together, since a message costs as much as measuring
 * a small picture.
 */
import type { Logger } from "../../base/logger.ts";
import { openThread } from "../../base/threads/thread.ts";
import type { DeclaredSize } from "../../image/format.ts";
import type { Recipe } from "../../image/recipe.ts";
import type { LoggedPrediction } from "../../prediction-log/prediction-log.ts";
import { statisticsRowLength } from "../../prediction-log/statistics-row.ts";
import type { PictureToMeasure } from "./measuring-thread.ts";

export interface MeasuredPixels {
  /** uint8 `[n,H,W,C]`, which nobody changes any more; one picture for each row. */
  readonly pixels: Uint8Array;
  readonly recipe: Pick<Recipe, "width" | "height" | "channels">;
  /** Of the files' headers, where there are files. */
  readonly sizes: readonly (DeclaredSize | undefined)[];
}

export interface PictureMeasurer {
  /** Rows that are not given on yet. */
  readonly waiting: number;
  /** Gives the rows on with their statistics, later; at once and without where too much waits. */
  add(rows: readonly LoggedPrediction[], pictures: MeasuredPixels): void;
  /** Resolves when all that were added are given on. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface PictureMeasurerOptions {
  readonly onMeasured: (rows: readonly LoggedPrediction[]) => void;
  readonly logger: Logger;
  /** Bytes of pixels that wait at most; 64 MiB unless given. */
  readonly capacityBytes?: number;
}

/** Gathered for so long, or up to so many bytes. */
const gatherMs = 50;
const gatherBytes = 2 ** 22;

export function createPictureMeasurer(options: PictureMeasurerOptions): PictureMeasurer {
  const { onMeasured, logger, capacityBytes = 2 ** 26 } = options;
  const thread = openThread<readonly PictureToMeasure[], Float32Array>(
    new URL("./measuring-thread.ts", import.meta.url),
  );
  const underWay = new Set<Promise<void>>();
  let gathered: { readonly rows: readonly LoggedPrediction[]; readonly pictures: MeasuredPixels }[] = [];
  let gatheredBytes = 0;
  /** Of what is gathered and of what the thread has. */
  let waitingBytes = 0;
  let waitingRows = 0;
  let timer: NodeJS.Timeout | undefined;
  let hasFailed = false;

  const fail = (error: unknown): void => {
    if (hasFailed) return;
    hasFailed = true;
    logger.error("predictions are logged without statistics of their pictures", { error: String(error) });
  };

  const measure = async (batch: typeof gathered, bytes: number): Promise<void> => {
    const rows = batch.flatMap((one) => one.rows);
    const pixels = new Uint8Array(bytes);
    const pictures: PictureToMeasure[] = [];
    let at = 0;
    for (const { pictures: one } of batch) {
      pixels.set(one.pixels, at);
      const { width, height, channels } = one.recipe;
      for (const size of one.sizes) {
        const start = at;
        at += width * height * channels;
        pictures.push({ image: { width, height, channels, pixels: pixels.subarray(start, at) }, size });
      }
    }
    try {
      const statistics = await thread.ask(pictures, [pixels.buffer]);
      const rowOf = (at: number) => statistics.subarray(at * statisticsRowLength, (at + 1) * statisticsRowLength);
      onMeasured(rows.map((row, at) => ({ ...row, statistics: rowOf(at) })));
    } catch (error) {
      fail(error);
      onMeasured(rows);
    }
    waitingBytes -= bytes;
    waitingRows -= rows.length;
  };

  const send = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (gathered.length === 0) return;
    const work = measure(gathered, gatheredBytes).finally(() => underWay.delete(work));
    underWay.add(work);
    gathered = [];
    gatheredBytes = 0;
  };

  const flush = async (): Promise<void> => {
    send();
    await Promise.all(underWay);
  };

  return {
    get waiting() {
      return waitingRows;
    },
    add(rows, pictures) {
      const { byteLength } = pictures.pixels;
      if (hasFailed || waitingBytes + byteLength > capacityBytes) {
        onMeasured(rows);
        return;
      }
      gathered.push({ rows, pictures });
      gatheredBytes += byteLength;
      waitingBytes += byteLength;
      waitingRows += rows.length;
      if (gatheredBytes >= gatherBytes) send();
      else timer ??= setTimeout(send, gatherMs).unref();
    },
    flush,
    async close() {
      await flush();
      await thread.close();
    },
  };
}
