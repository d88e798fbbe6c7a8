/** Monitoring, with the engine that it needs and what opens the places where a service keeps things. */
import { stat } from "node:fs/promises";
import { AppError } from "../base/errors.ts";
import { readFailure } from "../base/files/file-failure.ts";
import { shellPath } from "../base/shell-word.ts";
import { readVersion } from "../base/version.ts";
import type { ExportPicturesOptions, PictureExport } from "../monitor/export-pictures.ts";
import type { ForgottenRequest } from "../monitor/forget-request.ts";
import type { LabelPredictionsOptions, LabelReport } from "../monitor/label-predictions.ts";
import type { MeasureLogOptions, MonitorReport } from "../monitor/measure-log.ts";
import type { MadeReference, MakeReferenceOptions } from "../monitor/reference.ts";
import type { KeptPictures } from "../prediction-log/kept-pictures.ts";
import { isServerAddress } from "../prediction-log/log-address.ts";
import type { PredictionLog } from "../prediction-log/prediction-log.ts";
import { isS3Address } from "../storage/s3-address.ts";
import { predictionEngine, type WithEngine } from "./engines.ts";
import type { MonitorLogOptions } from "./options/monitoring-options.ts";

/** See `makeReference` in `monitor/reference.ts`. */
export async function makeReference({
  threads,
  executor,
  ...options
}: WithEngine<MakeReferenceOptions>): Promise<MadeReference> {
  const { makeReference: make } = await import("../monitor/reference.ts");
  return make({
    ...options,
    executor: executor ?? (await predictionEngine(threads === undefined ? {} : { threads })),
  });
}

export interface ForgetOptions {
  readonly requestId: string;
  /** A file that exists, or a PostgreSQL database. */
  readonly predictionLog?: string | undefined;
  /** A folder, or `s3://bucket/prefix`. */
  readonly keepPictures?: string | undefined;
  readonly signal?: AbortSignal;
}

/**
 * See `forgetRequest` in `monitor/forget-request.ts`. Errors: also FILE_NOT_FOUND for a log or a
 * folder that is not there, and those of `openPredictionLog` and `openStore`.
 */
export async function forgetRequestAt(options: ForgetOptions): Promise<ForgottenRequest> {
  const { requestId, predictionLog, keepPictures, signal } = options;
  const { forgetRequest } = await import("../monitor/forget-request.ts");
  const pictures = keepPictures === undefined ? undefined : await keptPicturesAt(keepPictures);
  const forget = (log: PredictionLog | undefined): Promise<ForgottenRequest> =>
    forgetRequest(requestId, { log, pictures }, signal && { signal });
  try {
    return await (predictionLog === undefined ? forget(undefined) : withLog(predictionLog, forget));
  } finally {
    await pictures?.close();
  }
}

/** See `measureLog` in `monitor/measure-log.ts`. Errors: also BUNDLE_INVALID for a bundle without a reference. */
export async function measurePredictionLog(options: MonitorLogOptions): Promise<MonitorReport> {
  const { monitorLogOptions: schema } = await import("./options/monitoring-options.ts");
  const { readOptions } = await import("../base/schema/options.ts");
  const { predictionLog, reference, ...checked } = readOptions<MonitorLogOptions>(
    schema,
    options,
    "measurePredictionLog",
  );
  const { measureLog } = await import("../monitor/measure-log.ts");
  const given = reference === undefined ? undefined : await referenceOf(reference);
  return withLog(predictionLog, (log) => measureLog(log, { ...checked, ...(given && { reference: given }) }));
}

export interface LabelOptions extends LabelPredictionsOptions {
  /** A CSV file. */
  readonly file: string;
  /** A file that exists, or a PostgreSQL database. */
  readonly predictionLog: string;
}

/**
 * See `labelPredictions` in `monitor/label-predictions.ts`. Errors: also FILE_NOT_FOUND for a log
 * that is not there, and those of `openPredictionLog`.
 */
export async function labelPredictionsAt({ file, predictionLog, ...options }: LabelOptions): Promise<LabelReport> {
  const { labelPredictions } = await import("../monitor/label-predictions.ts");
  return withLog(predictionLog, (log) => labelPredictions(file, log, options));
}

async function referenceOf(path: string): Promise<NonNullable<MeasureLogOptions["reference"]>> {
  const { inspectBundle } = await import("../bundle/bundle-file.ts");
  const { info } = await inspectBundle(path);
  if (info.reference) return { profile: info.reference, labels: info.labels, where: path };
  throw new AppError("BUNDLE_INVALID", {
    required: "a bundle with a reference profile",
    received: "one without",
    where: path,
    hint: `make one with: pawprint monitor reference ${shellPath(path)} --data SOURCE --out NEW.onnx`,
  });
}

export interface MonitorPageAt {
  readonly report: MonitorReport;
  /** A file's path or `s3://bucket/key`; `force` replaces what is there. */
  readonly out: string;
  readonly force: boolean;
  readonly cwd: string;
  /** Where a service keeps pictures, for those that are shown. */
  readonly keepPictures?: string | undefined;
  readonly now: Date;
  readonly signal?: AbortSignal;
}

/** Writes the page of a report. Errors: FILE_EXISTS, FILE_WRITE_FAILED, STORE_FAILED, PACKAGE_MISSING (S3). */
export async function writeMonitorPage(options: MonitorPageAt): Promise<string> {
  const { report, out, force, cwd, keepPictures, now, signal } = options;
  const [{ renderMonitorPage }, { openOutput }, { keptThumbnails }] = await Promise.all([
    import("../monitor/page/monitor-page.ts"),
    import("../predict/batch/batch-output.ts"),
    import("../monitor/page/kept-thumbnails.ts"),
  ]);
  const output = await openOutput(out, cwd);
  try {
    if (!force && (await output.exists())) {
      throw new AppError("FILE_EXISTS", {
        required: "a free path",
        received: "a file",
        where: output.location,
        hint: "give `force` to replace it",
      });
    }
    const thumbnails =
      keepPictures === undefined
        ? new Map()
        : await keptThumbnails(report.unusual, await keptPicturesAt(keepPictures), signal);
    const page = await renderMonitorPage(report, { thumbnails, version: await readVersion(), now });
    await output.write(oneChunk(page), { force, signal });
    return output.location;
  } finally {
    await output.close();
  }
}

async function* oneChunk(text: string): AsyncGenerator<string> {
  yield text;
}

async function keptPicturesAt(place: string): Promise<KeptPictures> {
  const [{ openKeptPictures }, { openStore }] = await Promise.all([
    import("../prediction-log/kept-pictures.ts"),
    import("../storage/open-store.ts"),
  ]);
  if (!isS3Address(place)) await requireThere(place);
  return openKeptPictures(await openStore(place, "."));
}

export interface ExportOptions extends ExportPicturesOptions {
  /** A file that exists, or a PostgreSQL database. */
  readonly predictionLog: string;
  /** A folder that exists, or `s3://bucket/prefix`. */
  readonly keepPictures: string;
}

/**
 * See `exportPictures` in `monitor/export-pictures.ts`. Errors: also FILE_NOT_FOUND for a log or a
 * folder that is not there, and those of `openPredictionLog` and `openStore`.
 */
export async function exportPicturesAt({
  predictionLog,
  keepPictures,
  ...options
}: ExportOptions): Promise<PictureExport> {
  const { exportPictures } = await import("../monitor/export-pictures.ts");
  const pictures = await keptPicturesAt(keepPictures);
  try {
    return await withLog(predictionLog, (log) => exportPictures(log, pictures, options));
  } finally {
    await pictures.close();
  }
}

/** Errors: FILE_NOT_FOUND for a file that is not there; those of `openPredictionLog`. */
async function withLog<T>(location: string, work: (log: PredictionLog) => Promise<T>): Promise<T> {
  const { openPredictionLog } = await import("../prediction-log/open-prediction-log.ts");
  if (!isServerAddress(location)) await requireThere(location);
  const log = await openPredictionLog(location);
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

/** A name with a mistake must not say that nothing is kept there. */
async function requireThere(path: string): Promise<void> {
  await stat(path).catch((error: unknown) => {
    throw readFailure(path, error);
  });
}
