/** The thread in which pictures are measured for the prediction log. */
import { answerThread } from "../../base/threads/answer-thread.ts";
import type { PixelImage } from "../../image/decode.ts";
import type { DeclaredSize } from "../../image/format.ts";
import { pictureStatistics } from "../../image/picture-statistics.ts";
import { statisticsRowLength, statisticsToRow } from "../../prediction-log/statistics-row.ts";

export interface PictureToMeasure {
  /** Under the model's recipe. */
  readonly image: PixelImage;
  /** Of the file's header. */
  readonly size: DeclaredSize | undefined;
}

/** A row of statistics for each picture, one after the other. */
answerThread<readonly PictureToMeasure[], Float32Array<ArrayBuffer>>(async (pictures) => {
  const rows = new Float32Array(pictures.length * statisticsRowLength);
  pictures.forEach(({ image, size }, at) => {
    rows.set(statisticsToRow(pictureStatistics(image, size)), at * statisticsRowLength);
  });
  return { answer: rows, transfer: [rows.buffer] };
});
