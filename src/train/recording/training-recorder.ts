/** A training as a run: what becomes a param, a tag, a metric, an input. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { isAppError, toAppError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { BundleFile } from "../../bundle/bundle-file.ts";
import { logBundle } from "../../bundle/mlflow-model/log-bundle.ts";
import type { BackboneIdentity } from "../../nn/backbones/backbone.ts";
import type { LoggedModel, Run } from "../../tracking/run.ts";
import type { RunStore } from "../../tracking/run-store.ts";
import type { EpochMetrics, StepReport } from "../fit/fit-options.ts";
import type { PackedVersion } from "../pictures/prepare-pack.ts";
import type { TrainEvent, TrainReport } from "../train.ts";
import type { TrainingRun } from "../training-run.ts";
import { datasetInputs } from "./dataset-inputs.ts";
import { evaluationMetrics } from "./evaluation-metrics.ts";
import { createRun, orUnrecorded, reopenRun } from "./open-run.ts";
import { recordedSettings, tagText } from "./recorded-values.ts";
import type { ReadyTraining, Recorder } from "./recorder.ts";
import { RunRecord } from "./run-record.ts";
import { createSystemLoad } from "./system-load.ts";

export interface TrainingRecorderOptions {
  readonly store: RunStore;
  readonly experiment: string;
  /** Names the inputs: `cats-dogs`. */
  readonly dataset: { readonly name: string; readonly location: string };
  /** What is known of place, versions and people, and what the caller adds. */
  readonly tags: ReadonlyMap<string, string>;
  /** Settings that no plan has; recorded as given. */
  readonly given: Readonly<Record<string, unknown>>;
  /** Artifacts that are there from the start. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Steps between two logged values of the step's loss. */
  readonly metricSteps: number;
  readonly logCheckpoints: boolean;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const systemMs = 10_000;

/** What names the version of the data, where it has one. */
function versionTags(version: PackedVersion | undefined): readonly (readonly [string, string])[] {
  if (version === undefined) return [];
  const { md5, path, inside, file, revision, commit, isClean } = version;
  return [
    ["pawprint.data_version", md5],
    ["pawprint.data_path", inside === undefined ? path : `${path}/${inside}`],
    ["pawprint.data_file", file],
    ["pawprint.data_clean", String(isClean)],
    ...(revision === undefined ? [] : [["pawprint.data_revision", revision] as const]),
    ...(commit === undefined ? [] : [["pawprint.data_commit", commit] as const]),
  ];
}

/** What names the pretrained model, where the network was made of one. */
function backboneTags(backbone: BackboneIdentity | undefined): readonly (readonly [string, string])[] {
  if (backbone === undefined) return [];
  const { name, sha256, layer, licence, source } = backbone;
  return [
    ["pawprint.backbone", name],
    ["pawprint.backbone_sha256", sha256],
    ["pawprint.backbone_layer", layer],
    ...(licence === undefined ? [] : [["pawprint.backbone_licence", licence] as const]),
    ...(source === undefined ? [] : [["pawprint.backbone_source", source] as const]),
  ];
}

export class TrainingRecorder implements Recorder {
  readonly #options: TrainingRecorderOptions;
  #record: RunRecord | undefined;
  #systemTimer: NodeJS.Timeout | undefined;
  #isCopying = false;

  constructor(options: TrainingRecorderOptions) {
    this.#options = options;
  }

  /** Of the training that has begun. */
  get run(): Run {
    return this.#record!.run; // asked for after a training, which begins with it
  }

  async begin({ run, isResumed, epochs, prepared, summary }: ReadyTraining): Promise<TrainingRun> {
    const { store, experiment, dataset, given, files, logger, now } = this.#options;
    const { picturePlan, stepPlan, pack, version, backbone } = prepared;
    const { params, tags: reasons } = recordedSettings([...picturePlan.choices, ...stepPlan.choices], given);
    const tags = new Map([
      ...reasons,
      ["pawprint.dataset_hash", summary.hash],
      ...versionTags(version),
      ...backboneTags(backbone),
      ...this.#options.tags,
    ]);
    const facts = { id: run.id, name: run.name, startedMs: Math.round(now()), tags };
    const place = { store, experiment, logger };
    const opened = await openWith(params, store, () => (isResumed ? reopenRun(place, facts) : createRun(place, facts)));
    const record = new RunRecord({ store, run: opened, logger, now });
    this.#record = record;
    // The last one was lost where the training was killed between its checkpoint and its record.
    for (const metrics of epochs) this.#epoch(metrics);
    record.inputs(datasetInputs({ ...dataset, hash: summary.hash, recipe: pack.recipe }, summary));
    for (const [path, content] of files) record.artifact(path, content);
    this.#watchSystem(record);
    logger.info(`recording run ${opened.id} of experiment ${experiment} in ${store.location}`);
    return { ...run, id: opened.id };
  }

  step({ step, loss, learningRate }: StepReport): void {
    if (step % this.#options.metricSteps !== 0) return;
    this.#record?.point("batch/loss", loss, step);
    this.#record?.point("batch/learning_rate", learningRate, step);
  }

  event(event: TrainEvent): void {
    if (event.type === "epoch") this.#epoch(event.metrics);
  }

  async settle(): Promise<void> {
    await this.#record?.settle();
  }

  checkpointed(path: string): void {
    if (!this.#options.logCheckpoints || this.#record === undefined || this.#isCopying) return;
    this.#isCopying = true;
    void this.#copyCheckpoint(this.#record, path);
  }

  /** The bundle as a model of the run; undefined where the store keeps none, or failed. */
  async model(bundle: BundleFile): Promise<LoggedModel | undefined> {
    return this.#record?.attempt((store, run) => logBundle(store, run, bundle));
  }

  file(path: string, text: string): void {
    this.#record?.artifact(path, Buffer.from(text, "utf8"));
  }

  /** Final figures, which are also those of the logged model of this id. */
  evaluated({ bundle, evaluation, calibration, history, bestEpoch }: TrainReport, modelId: string | undefined): void {
    const prefix = bundle.info.evaluation.split === "val" ? "val_final" : "test";
    const step = history.length;
    const timestampMs = Math.round(this.#options.now());
    const figures = [
      ...[...evaluationMetrics({ evaluation, calibration })].map(
        ([key, value]) => [`${prefix}_${key}`, value] as const,
      ),
      ["best_epoch", bestEpoch] as const,
      ["temperature", calibration.temperature] as const,
    ];
    const metrics = figures.map(([key, value]) => ({ key, value, step, timestampMs }));
    const news = metrics.filter(({ key }) => (this.#record?.lastStep(key) ?? -1) < step);
    this.#record?.log({ metrics: news, ...(modelId !== undefined && { modelId }) });
  }

  async finish(): Promise<void> {
    clearInterval(this.#systemTimer);
    await this.#record?.end("FINISHED");
  }

  /** KILLED after an interruption, else FAILED. */
  async fail(error: unknown): Promise<void> {
    clearInterval(this.#systemTimer);
    const { code, message } = toAppError(error);
    const tags = new Map([["pawprint.error", tagText(`${code}: ${message}`)]]);
    await this.#record?.end(isAppError(error, "INTERRUPTED") ? "KILLED" : "FAILED", tags);
  }

  #epoch(metrics: EpochMetrics): void {
    const values = {
      train_loss: metrics.trainLoss,
      train_accuracy: metrics.trainAccuracy,
      val_loss: metrics.validationLoss,
      val_accuracy: metrics.validationAccuracy,
      learning_rate: metrics.learningRate,
      images_per_second: metrics.imagesPerSecond,
      epoch_seconds: metrics.durationMs / 1000,
    };
    for (const [key, value] of Object.entries(values)) this.#record?.point(key, value, metrics.epoch);
  }

  #watchSystem(record: RunRecord): void {
    const load = createSystemLoad();
    this.#systemTimer = setInterval(() => {
      for (const [key, value] of load()) record.point(key, value, (record.lastStep(key) ?? 0) + 1);
    }, systemMs).unref();
  }

  /** Read at once: after two more, the training deletes it. */
  async #copyCheckpoint(record: RunRecord, path: string): Promise<void> {
    try {
      const bytes = await readFile(path);
      await record.attempt((store, { id }) =>
        store.writeArtifact({ runId: id }, `checkpoints/${basename(path)}`, bytes),
      );
    } catch {
      // Deleted already: a newer one follows.
    } finally {
      this.#isCopying = false;
    }
  }
}

/**
 * The run with its params: refused here, before the training starts, or never. Errors: those of the
 * store.
 */
async function openWith(params: ReadonlyMap<string, string>, store: RunStore, open: () => Promise<Run>): Promise<Run> {
  let run: Run | undefined;
  try {
    run = await open();
    await logParams(store, run, params);
    return run;
  } catch (error) {
    if (run) await store.updateRun(run.id, { status: "FAILED", endedMs: Date.now() }).catch(() => undefined);
    throw orUnrecorded(error);
  }
}

/** Params are written once: what a resumed training has otherwise, such as more epochs, is a tag. */
async function logParams(store: RunStore, run: Run, params: ReadonlyMap<string, string>): Promise<void> {
  const news = [...params].filter(([key]) => !run.params.has(key));
  const changed = [...params].filter(([key, value]) => run.params.has(key) && run.params.get(key) !== value);
  const tags = new Map(changed.map(([key, value]) => [`pawprint.resumed.${key}`, value]));
  await store.logBatch(run.id, { params: new Map(news), tags });
}
