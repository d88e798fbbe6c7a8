/**
 * Makes what the handlers share: opens the models, and joins queue, metrics and challenger to them.
 */
import type { Logger } from "../base/logger.ts";
import { cpuLimit } from "../base/machine/cpu-limit.ts";
import type { BundleSource, OpenBundleSource } from "../bundle/bundle-source.ts";
import type { ExplainerFactory } from "../predict/explain/explainer-thread.ts";
import { createGate } from "../predict/gate.ts";
import type { EngineOptions, ThreadedExecutor } from "../runtime/executor.ts";
import { compareWithChallenger, countPredictions, noteOutcome } from "./answering/answer-observers.ts";
import type { ServiceConfig } from "./complete-config.ts";
import { createBodyReading } from "./input/body-reading.ts";
import { createAdmission } from "./load/admission.ts";
import { createMetrics, type Metrics } from "./observability/metrics.ts";
import type { Service } from "./service.ts";
import { type ModelHost, openModelHost } from "./serving/model-host.ts";
import { openServedModel } from "./serving/served-model.ts";
import { createShadow, type ShadowOptions } from "./serving/shadow.ts";

/**
 * What a service is given: engines in threads of their own, one that answers and one for heat maps;
 * and what opens the places where bundles come from.
 */
export interface ServiceEngines {
  readonly prediction: (options: EngineOptions) => Promise<ThreadedExecutor>;
  readonly explanation: ExplainerFactory;
  readonly source: OpenBundleSource;
}

export interface ServiceOptions {
  readonly config: ServiceConfig;
  readonly version: string;
  readonly logger: Logger;
  readonly engines: ServiceEngines;
  /** Why requests are not welcome, while they are not. */
  readonly notReady: () => string | undefined;
  /** Ends what is being loaded. */
  readonly signal?: AbortSignal | undefined;
}

/** Errors: those of the champion's bundle; INTERRUPTED. */
export async function createService(options: ServiceOptions): Promise<Service> {
  const { config, version, logger, notReady } = options;
  const now = (): number => performance.now();
  const admission = createAdmission({ limit: config.queue, now });
  const decoding = createGate({ slots: cpuLimit() + 1, heavySlots: heavyDecoders(cpuLimit()), now });
  const metrics = createMetrics({
    queuedPictures: () => admission.pending,
    waitingRequests: () => decoding.waiting + (host.current("champion")?.waiting ?? 0),
    isReady: () => notReady() === undefined,
  });
  const host: ModelHost = await openModels(options, metrics, now).catch((error: unknown) => {
    metrics.close();
    throw error;
  });
  const shadow = createShadow({
    host,
    // A quarter full: answers that a caller waits for come first.
    isBusy: () => admission.pending > config.queue / 4,
    now,
    ...shadowReports(metrics, logger),
  });
  return {
    config,
    version,
    host,
    shadow,
    admission,
    reading: createBodyReading(now),
    decoding,
    explaining: createGate({ slots: 1, now }),
    metrics,
    logger,
    observers: [noteOutcome, countPredictions(metrics), compareWithChallenger(shadow)],
    now,
    notReady,
  };
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

function shadowReports(metrics: Metrics, logger: Logger): Pick<ShadowOptions, "onComparison" | "onSkip" | "onFailure"> {
  return {
    onComparison({ requestId, label }, comparison) {
      metrics.compared(comparison);
      if (comparison.isSame) return;
      logger.info("the challenger answers otherwise", {
        request_id: requestId,
        champion: label,
        challenger: comparison.challengerLabel,
        challenger_version: comparison.challengerVersion,
      });
    },
    onSkip: metrics.skippedComparison,
    onFailure({ requestId }, { code, message }) {
      metrics.challengerFailed();
      logger.error("the challenger failed to answer", { request_id: requestId, code, error: message });
    },
  };
}
