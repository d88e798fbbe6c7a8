/** Measures what the gates of a promotion judge: loads the bundles and evaluates them on the same pictures. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { AppError, isAppError } from "../../base/errors.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { parityPicture } from "../../bundle/bundle.ts";
import type { SourcedBundle } from "../../bundle/bundle-source.ts";
import { type LoadedBundle, loadBundle } from "../../bundle/load-bundle.ts";
import { requireSoundAnswers } from "../../bundle/parity.ts";
import type { SourceOptions } from "../../dataset/sources/source-options.ts";
import { pictureOutcomes } from "../../metrics/picture-outcomes.ts";
import { slicesOf } from "../../metrics/slices.ts";
import type { Executor } from "../../runtime/executor.ts";
import { isS3Address } from "../../storage/s3-address.ts";
import { type BundleEvaluation, evaluateBundle } from "../../train/evaluation/evaluate-bundle.ts";
import { measureLatency } from "../../train/evaluation/latency.ts";
import { labelDifference, type MeasuredAnswers, type Measurements } from "./gates.ts";
import type { PromotionConfig } from "./promotion-config.ts";

export interface MeasureOptions {
  readonly candidate: SourcedBundle;
  /** The version that has the alias now. */
  readonly present?: { readonly version: string; readonly read: () => Promise<SourcedBundle> };
  readonly settings: PromotionConfig;
  /** How the data is read. */
  readonly reading?: SourceOptions;
  /** Where relative paths of data start from; the current folder unless given. */
  readonly folder?: string;
  /** Folder for packs; without it packs stay in memory. */
  readonly packs?: string;
  readonly executor: Executor;
  readonly progress?: Progress;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

/** What makes a bundle unfit, other than what keeps it from being read. */
const faultyBundle = ["MODEL_UNREADABLE", "BUNDLE_INVALID", "BUNDLE_PARITY", "EXECUTION_FAILED"] as const;

/**
 * Errors: those of reading the candidate; those of `evaluateBundle` for data that was named, or is
 * still where the candidate was trained from; INTERRUPTED.
 */
export async function measureCandidate(options: MeasureOptions): Promise<Measurements> {
  const { candidate, executor, settings, signal } = options;
  const sizeBytes = candidate.bytes.byteLength;
  let bundle: LoadedBundle | undefined;
  try {
    bundle = soundOnly(await loadBundle(candidate, executor), candidate.where);
    const latencyMs = settings.maxLatencyMs === undefined ? undefined : await timeOnePicture(bundle, signal);
    const smoke = settings.smokeData === undefined ? undefined : await tryPictures(bundle, settings.smokeData, options);
    return {
      sizeBytes,
      labels: bundle.info.labels,
      ...(latencyMs !== undefined && { latencyMs }),
      ...(smoke && { smoke }),
      ...(await measureAnswers(bundle, options)),
    };
  } catch (error) {
    if (!faultyBundle.some((code) => isAppError(error, code))) throw error;
    return {
      sizeBytes,
      loadFault: (error as AppError).message, // by its code
      labels: bundle?.info.labels ?? [],
      answers: { missing: "the bundle does not load" },
      ...(options.present && { present: { version: options.present.version, fault: "the candidate does not load" } }),
    };
  } finally {
    await bundle?.close();
  }
}

/** The same bundle; answers that are no probabilities are BUNDLE_INVALID. */
function soundOnly(bundle: LoadedBundle, where: string): LoadedBundle {
  return {
    ...bundle,
    async answer(pixels) {
      const answers = await bundle.answer(pixels);
      requireSoundAnswers(answers, bundle.info.labels.length, where);
      return answers;
    },
  };
}

async function timeOnePicture(bundle: LoadedBundle, signal: AbortSignal | undefined): Promise<number> {
  const pixels = parityPicture(0, bundle.info.recipe);
  const { one } = await measureLatency(bundle, pixels, { batchSize: 1, ...(signal && { signal }) });
  return one.p95Ms;
}

async function tryPictures(
  bundle: LoadedBundle,
  data: string,
  options: MeasureOptions,
): Promise<NonNullable<Measurements["smoke"]>> {
  const { answered } = await evaluateBundle({
    ...shared(options),
    bundle,
    data: placeOf(data, options.folder),
    split: "all",
    logger: silentLogger, // a few pictures are not the training's set, and need not be of every class
  });
  const outcomes = pictureOutcomes(answered);
  const wrong = outcomes.flatMap(({ isRight }, row) => (isRight ? [] : [answered.ids[row]!]));
  return { count: outcomes.length, right: outcomes.length - wrong.length, wrong };
}

async function measureAnswers(
  bundle: LoadedBundle,
  options: MeasureOptions,
): Promise<Pick<Measurements, "present" | "answers">> {
  const { present, settings } = options;
  const opened = present && (await openPresent(present, options.executor));
  try {
    const second = opened !== undefined && "bundle" in opened ? opened.bundle : undefined;
    const isComparable = second !== undefined && labelDifference(bundle.info.labels, second.info.labels) === undefined;
    const data = await findData(bundle, options);
    const answers =
      "missing" in data
        ? data
        : answersOf(
            await evaluateBundle({
              ...shared(options),
              bundle,
              data: data.place,
              split: settings.split,
              ...(options.reading && { reading: options.reading }),
              ...(isComparable && { against: second }),
            }),
            bundle.info.labels,
          );
    return {
      answers,
      ...(present && {
        present: {
          version: present.version,
          ...(second ? { labels: second.info.labels } : { fault: opened && "fault" in opened ? opened.fault : "" }),
        },
      }),
    };
  } finally {
    if (opened !== undefined && "bundle" in opened) await opened.bundle.close();
  }
}

/** A present version that cannot be opened is no reason to keep it, but one to say so. */
async function openPresent(
  { version, read }: NonNullable<MeasureOptions["present"]>,
  executor: Executor,
): Promise<{ readonly bundle: LoadedBundle } | { readonly fault: string }> {
  try {
    return { bundle: await loadBundle(await read(), executor) };
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "INTERRUPTED") throw error;
    return { fault: `version ${version} cannot be read (${error.code})` };
  }
}

/** The data that was named, or that of the candidate's training where it is still there. */
async function findData(
  { info }: LoadedBundle,
  { settings, folder }: MeasureOptions,
): Promise<{ readonly place: string } | { readonly missing: string }> {
  if (settings.data !== undefined) return { place: placeOf(settings.data, folder) };
  const { source } = info.lineage;
  const place = placeOf(source, folder);
  const isThere = isS3Address(place) || (await stat(place).then(Boolean, () => false));
  return isThere ? { place } : { missing: `the pictures of the training are not at ${source}` };
}

function placeOf(data: string, folder: string | undefined): string {
  return isS3Address(data) || folder === undefined ? data : resolve(folder, data);
}

function shared({ packs, progress = silentProgress, logger = silentLogger, signal }: MeasureOptions) {
  return { progress, logger, ...(packs !== undefined && { packs }), ...(signal && { signal }) };
}

function answersOf(
  { evaluation, calibration, slices, answered, against }: BundleEvaluation,
  labels: readonly string[],
) {
  const presentSlices =
    against &&
    slicesOf(
      pictureOutcomes(against.answered).map(({ isRight }) => isRight),
      {
        // The candidate's groups: each version sees other pixels, and so other brightness.
        classes: Array.from(answered.targets, (target) => labels[target]!),
        brightness: answered.brightness,
        ids: answered.ids,
      },
    );
  const { comparison, trainedOn } = against ?? {};
  return {
    count: evaluation.count,
    accuracy: evaluation.accuracy,
    calibrationError: calibration.expectedCalibrationError,
    slices: slices.map(({ dimension, name, count, accuracy }, at) => ({
      name: `${dimension} ${name}`,
      count,
      accuracy,
      ...(presentSlices && { presentAccuracy: presentSlices[at]!.accuracy }),
    })),
    ...(against &&
      comparison && {
        present: {
          accuracy: against.evaluation.accuracy,
          onlyCandidateRight: comparison.mcnemar.onlyFirstRight,
          onlyPresentRight: comparison.mcnemar.onlySecondRight,
          pValue: comparison.mcnemar.pValue,
          ...(trainedOn !== undefined && { trainedOn }),
        },
      }),
  } satisfies MeasuredAnswers;
}
