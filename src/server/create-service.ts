/**
 * Makes what the handlers share: opens the models, and joins queue, metrics and challenger to them.
 */

import type { BuildInfo } from "../base/build-info.ts";
import type { Logger } from "../base/logger.ts";
import { cpuLimit } from "../base/machine/cpu-limit.ts";
import type { BundleSource, OpenBundleSource } from "../bundle/bundle-source.ts";
import type { ExplainerFactory } from "../predict/explain/explainer-thread.ts";
import { createGate } from "../predict/gate.ts";
import { type KeptPictures, openKeptPictures } from "../prediction-log/kept-pictures.ts";
import { openServiceLog } from "../prediction-log/service-log.ts";
import type { EngineOptions, ThreadedExecutor } from "../runtime/executor.ts";
import { openStore } from "../storage/open-store.ts";
import { compareWithChallenger, countPredictions, noteOutcome } from "./answering/answer-observers.ts";
import type { ServiceConfig } from "./complete-config.ts";
import { createBodyReading } from "./input/body-reading.ts";
import { createAdmission } from "./load/admission.ts";
import { createDriftWatch, type DriftTester } from "./observability/drift-watch.ts";
import { createMetrics, type Metrics } from "./observability/metrics.ts";
import { createPictureKeeper } from "./observability/picture-keeper.ts";
import { createPredictionRecorder, type PredictionRecorder } from "./observability/prediction-recorder.ts";
import type { Service } from "./service.ts";
import { type ModelHost, openModelHost } from "./serving/model-host.ts";
import { openServedModel } from "./serving/served-model.ts";
import { createShadow, type ShadowOptions } from "./serving/shadow.ts";

/**
 * What a service is given: engines in threads of their own, one that answers and one for heat maps;
 * what opens the places where bundles come from; and what tests answers for drift.
 */
export interface ServiceEngines {
  readonly prediction: (options: EngineOptions) => Promise<ThreadedExecutor>;
  readonly explanation: ExplainerFactory;
  readonly source: OpenBundleSource;
  readonly drift: () => Promise<DriftTester>;
}

export interface ServiceOptions {
  readonly config: ServiceConfig;
  readonly build: BuildInfo;
  readonly logger: Logger;
  readonly engines: ServiceEngines;
  /** Why requests are not welcome, while they are not. */
  readonly notReady: () => string | undefined;
  /** Ends what is being loaded. */
  readonly signal?: AbortSignal | undefined;
}

/** Errors: those of the champion's bundle; INTERRUPTED. */
export async function createService(options: ServiceOptions): Promise<Service> {
  const { config, build, logger, notReady } = options;
  const now = (): number => performance.now();
  const log = config.predictionLog === undefined ? undefined : await openServiceLog(config.predictionLog);
  const pictures = await openPictures(config.keepPictures).catch(async (error: unknown) => {
    await log?.close();
    throw error;
  });
  const admission = createAdmission({ limit: config.queue, now });
  const decoding = createGate({ slots: cpuLimit() + 1, heavySlots: heavyDecoders(cpuLimit()), now });
  const metrics = createMetrics({
    queuedPictures: () => admission.pending,
    waitingRequests: () => decoding.waiting + (host.current("champion")?.waiting ?? 0),
    isReady: () => notReady() === undefined,
    unwrittenPredictions: () => recorder?.waiting ?? 0,
    unwrittenPictures: () => keeper?.waiting ?? 0,
  });
  const host: ModelHost = await openModels(options, metrics, now).catch(async (error: unknown) => {
    metrics.close();
    await Promise.all([log?.close(), pictures?.close()]);
    throw error;
  });
  const drift = log && config.driftWindow > 0 ? await watchDrift(options, host, metrics, now) : undefined;
  const retentionDays = config.predictionDays;
  const recorder = log && createPredictionRecorder({ log, host, metrics, drift, logger, retentionDays, now });
  const shadow = createShadow({
    host,
    // A quarter full: answers that a caller waits for come first.
    isBusy: () => admission.pending > config.queue / 4,
    now,
    ...shadowReports(metrics, logger, recorder),
  });
  const keeper =
    pictures &&
    createPictureKeeper({
      pictures,
      metrics,
      logger,
      percent: config.keepPercent,
      retentionDays,
    });
  return {
    config,
    build,
    host,
    shadow,
    admission,
    reading: createBodyReading(now),
    decoding,
    explaining: createGate({ slots: 1, now }),
    metrics,
    logger,
    recorder,
    keeper,
    observers: [
      noteOutcome,
      countPredictions(metrics),
      compareWithChallenger(shadow),
      ...(recorder === undefined ? [] : [recorder.observe]),
      ...(keeper === undefined ? [] : [keeper.observe]),
    ],
    now,
    notReady,
  };
}

async function watchDrift(
  { config, engines, logger }: ServiceOptions,
  host: ModelHost,
  metrics: Metrics,
  now: () => number,
) {
  return createDriftWatch({
    tester: await engines.drift(),
    champion: () => host.current("champion"),
    window: config.driftWindow,
    gapMs: config.driftMs,
    now,
    onTested: metrics.testedDrift,
    logger,
  });
}

async function openPictures(location: string | undefined): Promise<KeptPictures | undefined> {
  return location === undefined ? undefined : openKeptPictures(await openStore(location, "."));
}

/**
 * How many pictures that are expensive to decode may be decoded at once: half of the cores, and half
 * of libuv's threads, which read files and look up names, too (4 unless UV_THREADPOOL_SIZE says
 * otherwise).
 */
function heavyDecoders(cores: number): number {
  const threads = Number(process.env.UV_THREADPOOL_SIZE) || 4;
  return Math.max(1, Math.floor(Math.min(cores, threads) / 2));
}

async function openModels({ config, logger, engines, signal }: ServiceOptions, metrics: Metrics, now: () => number) {
  const executor = await engines.prediction({ threads: config.threads ?? cpuLimit() });
  const sources = await openSources(config, engines.source);
  return openModelHost({
    sources,
    open: async (bundle, ending) => {
      const opened = await openServedModel(
        bundle,
        {
          // One name for callers, whichever version answers.
          name: sources.champion.name,
          executor,
          openExplainer: engines.explanation,
          maximumBatch: config.batch,
          loadTimeoutMs: config.loadTimeoutMs,
          allowUnverified: config.allowUnverified,
          // For the log alone.
          embedding: config.predictionLog !== undefined,
          now,
          clock: Date.now,
          onBatch: metrics.ranBatch,
        },
        ending,
      );
      if (opened.info.digest === undefined) {
        logger.warn("a bundle without a digest, of an earlier version: damage to its weights may go unseen", {
          source: opened.source,
        });
      }
      return opened;
    },
    canaryPercent: config.canaryPercent,
    logger,
    now: Date.now,
    onChange: metrics.serves,
    onFailure: metrics.failedSwap,
    signal,
  });
}

async function openSources({ model, canary, challenger, bundleBytes }: ServiceConfig, openSource: OpenBundleSource) {
  const open = async (location: string | undefined): Promise<BundleSource | undefined> =>
    location === undefined ? undefined : openSource(location, bundleBytes);
  const [canarySource, challengerSource] = [await open(canary), await open(challenger)];
  return {
    champion: await openSource(model, bundleBytes),
    ...(canarySource && { canary: canarySource }),
    ...(challengerSource && { challenger: challengerSource }),
  };
}

function shadowReports(
  metrics: Metrics,
  logger: Logger,
  recorder: PredictionRecorder | undefined,
): Pick<ShadowOptions, "onComparison" | "onSkip" | "onFailure"> {
  return {
    onComparison(answer, comparison) {
      const { requestId, label } = answer;
      metrics.compared(comparison);
      recorder?.compared(answer, comparison);
      if (comparison.isSame) return;
      logger.info("the challenger answers otherwise", {
        request_id: requestId,
        champion: label,
        challenger: comparison.prediction.label,
        challenger_version: comparison.challenger.version,
      });
    },
    onSkip: metrics.skippedComparison,
    onFailure({ requestId }, { code, message }) {
      metrics.challengerFailed();
      logger.error("the challenger failed to answer", { request_id: requestId, code, error: message });
    },
  };
}
