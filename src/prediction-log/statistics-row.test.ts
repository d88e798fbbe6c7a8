import { expect, it } from "vitest";
import { pictureStatistics, pictureStatisticsVersion } from "../image/picture-statistics.ts";
import { statisticsFromRow, statisticsRowLength, statisticsToRow } from "./statistics-row.ts";

const noise = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 37) % 251);

it("gives back the statistics of colour and grey pictures, with and without a size", () => {
  const pictures = [
    pictureStatistics({ width: 8, height: 6, channels: 3, pixels: noise(144) }, { width: 4032, height: 3024 }),
    pictureStatistics({ width: 8, height: 6, channels: 1, pixels: noise(48) }),
  ];
  for (const statistics of pictures) {
    const row = statisticsToRow(statistics);
    expect(row).toHaveLength(statisticsRowLength);
    expect(statisticsFromRow(row)).toEqual({ version: pictureStatisticsVersion, statistics });
  }
});

it("reads nothing into the values of another version", () => {
  const row = statisticsToRow({ brightness: 12 });
  row[0] = 7;
  expect(statisticsFromRow(row)).toEqual({ version: 7, statistics: {} });
  expect(statisticsFromRow(Float32Array.of())).toEqual({ version: Number.NaN, statistics: {} });
});
