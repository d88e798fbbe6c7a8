import { expect, it } from "vitest";
import { prediction } from "../../../tests/contracts/prediction-log.ts";
import { createLogger } from "../../base/logger.ts";
import { pictureStatistics } from "../../image/picture-statistics.ts";
import type { LoggedPrediction } from "../../prediction-log/prediction-log.ts";
import { statisticsToRow } from "../../prediction-log/statistics-row.ts";
import { createPictureMeasurer } from "./measure-pictures.ts";

const recipe = { width: 6, height: 4, channels: 3 } as const;
const pixelsOf = (pictures: number) => Uint8Array.from({ length: 72 * pictures }, (_, at) => (at * 37) % 251);
const size = { width: 640, height: 480 };

function startMeasurer(capacityBytes?: number) {
  const rows: LoggedPrediction[] = [];
  const measurer = createPictureMeasurer({
    onMeasured: (some) => rows.push(...some),
    logger: createLogger(() => undefined),
    ...(capacityBytes !== undefined && { capacityBytes }),
  });
  return { measurer, rows };
}

it("gives rows on in their order, each with the statistics of its picture", async () => {
  const { measurer, rows } = startMeasurer();
  const two = pixelsOf(2);
  measurer.add([prediction(1), prediction(2)], { pixels: two, recipe, sizes: [size, undefined] });
  measurer.add([prediction(3)], { pixels: pixelsOf(1), recipe, sizes: [undefined] });
  expect([rows.length, measurer.waiting]).toEqual([0, 3]);
  await measurer.flush();
  const measured = (pixels: Uint8Array, stored?: typeof size) =>
    statisticsToRow(pictureStatistics({ ...recipe, pixels }, stored));
  expect(rows).toEqual([
    { ...prediction(1), statistics: measured(two.subarray(0, 72), size) },
    { ...prediction(2), statistics: measured(two.subarray(72)) },
    { ...prediction(3), statistics: measured(pixelsOf(1)) },
  ]);
  expect(measurer.waiting).toBe(0);
  // What was answered may still be compared with the challenger.
  expect(two).toEqual(pixelsOf(2));
  await measurer.close();
});

it("gives rows on at once, without statistics, where more pixels wait than it may keep", async () => {
  const { measurer, rows } = startMeasurer(100);
  measurer.add([prediction(1)], { pixels: pixelsOf(1), recipe, sizes: [size] });
  measurer.add([prediction(2)], { pixels: pixelsOf(1), recipe, sizes: [size] });
  expect(rows).toEqual([prediction(2)]);
  await measurer.close();
  expect(rows.map(({ rowId, statistics }) => [rowId, statistics !== undefined])).toEqual([
    [prediction(2).rowId, false],
    [prediction(1).rowId, true],
  ]);
  measurer.add([prediction(3)], { pixels: pixelsOf(1), recipe, sizes: [size] });
  await measurer.flush();
  expect(rows.at(-1)).toEqual(prediction(3));
});
