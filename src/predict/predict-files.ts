/** Predictions for files and folders by path: a row for each picture, in a stream. */
import { resolve } from "node:path";
import { Type } from "typebox";
import { describeValue } from "../base/describe-value.ts";
import { AppError } from "../base/errors.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import { type Progress, silentProgress } from "../base/progress.ts";
import {
  Flag,
  LoggerOption,
  optionsSchema,
  ProgressOption,
  readOptions,
  SignalOption,
  Text,
} from "../base/schema/options.ts";
import type { CallTracker } from "./call-tracker.ts";
import { listPictures } from "./list-pictures.ts";
import type { Prediction } from "./prediction.ts";
import type { PredictionPipeline } from "./prediction-pipeline.ts";

export interface PredictedFile extends Prediction {
  readonly file: string;
  readonly error?: undefined;
}

export interface UnreadableFile {
  readonly file: string;
  readonly error: AppError;
}

/** The row of one picture file: its prediction, or the error that it gave instead. */
export type FilePrediction = PredictedFile | UnreadableFile;

export interface PredictFilesOptions {
  /** Where relative paths start; the process's folder unless given. */
  readonly cwd?: string;
  /** End with the error of the first picture that cannot be used, instead of going on. */
  readonly strict?: boolean;
  /** Enter linked folders, and take files that links lead to outside. Default false. */
  readonly followLinks?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  /** Is told which files of folders are left out, and why. */
  readonly logger?: Logger;
}

const predictFilesOptions = optionsSchema<PredictFilesOptions>({
  cwd: Type.Optional(Text),
  strict: Flag,
  followLinks: Flag,
  signal: SignalOption,
  progress: ProgressOption,
  logger: LoggerOption,
});

/** As `Predictor.predictFiles`. */
export async function* predictFiles(
  pipeline: PredictionPipeline,
  calls: CallTracker,
  given: string | readonly string[],
  options: PredictFilesOptions | undefined,
): AsyncGenerator<FilePrediction, void, undefined> {
  const {
    cwd = process.cwd(),
    strict = false,
    followLinks = false,
    signal,
    progress = silentProgress,
    logger = silentLogger,
  } = readOptions(predictFilesOptions, options, "predictFiles");
  const files = await listPictures(requirePaths(given), { cwd, followLinks, logger });
  const task = progress.start({ label: "predict", total: files.length, unit: "pictures" });
  const pictures = files.map(({ file, error }) =>
    error === undefined
      ? { name: file, picture: { kind: "file", path: resolve(cwd, file) } as const }
      : { name: file, error },
  );
  const batches = pipeline.predictInBatches(pictures, signal);
  let failed = 0;
  let isComplete = false;
  try {
    for (;;) {
      // A call for each batch: `close` must not wait for a reader that stopped half way.
      const next = await calls.run(() => batches.next());
      if (next.done) break;
      for (const { name: file, error, prediction } of next.value) {
        if (error !== undefined && strict) throw error;
        if (error !== undefined) failed++;
        task.advance();
        yield error === undefined ? { file, ...prediction } : { file, error };
      }
    }
    isComplete = true;
  } finally {
    if (isComplete) task.done(failed > 0 ? `${failed} could not be used` : undefined);
    else task.fail();
  }
}

/** Errors: ARGUMENT_INVALID for anything but a path, or a list of paths. */
export function requirePaths(given: unknown): readonly string[] {
  const paths: readonly unknown[] = Array.isArray(given) ? given : [given];
  return paths.map((path, at) => {
    if (typeof path === "string") return path;
    throw new AppError("ARGUMENT_INVALID", {
      required: "the path of a picture or of a folder",
      received: describeValue(path),
      where: Array.isArray(given) ? `paths[${at}]` : "paths",
      hint: "predict and predictPictures take bytes and Blobs, too",
    });
  });
}
