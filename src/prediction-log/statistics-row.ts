/**
 * Picture statistics as a row of the log holds them: the version of their meaning, then a value for
 * each name in the order of `pictureStatisticNames`, NaN where the picture has none (colour of grey
 * pictures; the file's size where pixels were sent, or where no header states it).
 */
import {
  type PictureStatisticName,
  type PictureStatistics,
  pictureStatisticNames,
  pictureStatisticsVersion,
} from "../image/picture-statistics.ts";

export interface LoggedStatistics {
  readonly version: number;
  /** Empty for another version than this one's: their meaning and order are not known here. */
  readonly statistics: PictureStatistics;
}

/** Numbers in a row. */
export const statisticsRowLength = 1 + pictureStatisticNames.length;

export function statisticsToRow(statistics: PictureStatistics): Float32Array {
  const values = pictureStatisticNames.map((name) => statistics[name] ?? Number.NaN);
  return Float32Array.of(pictureStatisticsVersion, ...values);
}

/** Where a statistic is in a row. */
export function placeOfStatistic(name: PictureStatisticName): number {
  return 1 + pictureStatisticNames.indexOf(name);
}

/** Whether a row's values mean what this version's names say. */
export function isOfThisVersion(row: Float32Array): boolean {
  return row[0] === pictureStatisticsVersion && row.length === statisticsRowLength;
}

export function statisticsFromRow(row: Float32Array): LoggedStatistics {
  const version = row[0] ?? Number.NaN;
  if (!isOfThisVersion(row)) return { version, statistics: {} };
  const known = pictureStatisticNames.flatMap((name, at) => {
    const value = row[at + 1]!;
    return Number.isNaN(value) ? [] : [[name, value] as const];
  });
  return { version, statistics: Object.fromEntries(known) };
}
