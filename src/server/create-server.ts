/**
 * The service as a whole: joins models, queue, routes and log, listens, and ends without losing a
 * request.
 */

import type { FastifyInstance } from "fastify";
import { Value } from "typebox/value";
import { AppError } from "../base/errors.ts";
import { deepFreeze } from "../base/freeze.ts";
import { cpuLimit } from "../base/machine/cpu-limit.ts";
import { expectedOf, schemaFault } from "../base/schema/schema-fault.ts";
import { readVersion } from "../base/version.ts";
import { type BundleSource, openBundleSource } from "../bundle/bundle-source.ts";
import { createGate } from "../predict/gate.ts";
import type { EngineFactory } from "../runtime/executor.ts";
import { createAdmission } from "./load/admission.ts";
import { createMetrics } from "./metrics.ts";
import { createRequestLog } from "./request-log.ts";
import { openSamples } from "./samples.ts";
import { createAccess } from "./security/access.ts";
import { type ServeConfig, serveConfigSchema } from "./serve-config.ts";
import type { Service } from "./service.ts";
import { openModelHost } from "./serving/model-host.ts";
import { openServedModel } from "./serving/served-model.ts";
import { createShadow } from "./serving/shadow.ts";

export interface PawprintServer {
  /** Starts to take requests. Errors: LISTEN_FAILED. */
  listen(): Promise<{ readonly url: string; readonly adminUrl?: string }>;
  /**
   * Ends without losing a request: readiness turns 503, after `drainMs` nobody new is taken, what
   * is in flight is answered, then everything is given back. A second call joins the first.
   */
  close(): Promise<void>;
  /** Fastify itself: `app.inject` calls a route without a socket. */
  readonly app: FastifyInstance;
  readonly adminApp: FastifyInstance;
  readonly service: Service;
}

/** The engines of a service: one that answers, and one in this thread for heat maps. */
export interface ServiceEngines {
  readonly prediction: EngineFactory<"concurrent">;
  readonly explanation: EngineFactory;
}

/** What a caller of the library gives: the model, and whatever differs from the defaults. */
export type ServerOptions = Partial<ServeConfig> & { readonly model: string };

/**
 * Loads the models and makes the service ready, not listening yet.
 * Errors: MODEL_SOURCE_INVALID, CONFIG_INVALID, and those of the champion's bundle (FILE_NOT_FOUND,
 * BUNDLE_INVALID, BUNDLE_PARITY, ...).
 */
export async function createServer(options: ServerOptions, engines: ServiceEngines): Promise<PawprintServer> {
  const config = completeConfig(options);
  const now = (): number => performance.now();
  const version = await readVersion();
  const log = createRequestLog({ level: config.logLevel, file: config.logFile });
  const access = await createAccess(config, log.logger);
  const samples = openSamples(config.samples);
  const cores = cpuLimit();
  const executor = await engines.prediction({ threads: config.threads ?? cores });
  let phase: "starting" | "ready" | "draining" = "starting";

  const admission = createAdmission({ limit: config.queue, now });
  const decoding = createGate(cores + 1, now);
  const metrics = createMetrics({
    queuedPictures: () => admission.pending,
    waitingRequests: () => decoding.waiting + (host.current("champion")?.waiting ?? 0),
    isReady: () => phase === "ready",
  });
  const sources = await openSources(config);
  const opening = openModelHost({
    sources,
    open: (bundle) =>
      openServedModel(bundle, {
        // One name for callers, whichever version answers.
        name: sources.champion.name,
        executor,
        openExplainEngine: engines.explanation,
        maximumBatch: config.batch,
        now,
        onBatch: metrics.ranBatch,
      }),
    canaryPercent: config.canaryPercent,
    logger: log.logger,
    now: Date.now,
    onChange: metrics.serves,
  });
  // While the engine starts in its own thread this one loads what speaks HTTP.
  const [host, { createApps }] = await Promise.all([opening, import("./create-apps.ts")]);
  const shadow = createShadow({
    host,
    // A quarter full: answers that somebody waits for come first.
    isBusy: () => admission.pending > config.queue / 4,
    now,
    onComparison(answer, comparison) {
      metrics.compared(comparison);
      if (comparison.isSame) return;
      log.logger.info("the challenger answers otherwise", {
        request_id: answer.requestId,
        champion: answer.label,
        challenger: comparison.challengerLabel,
        challenger_version: comparison.challengerVersion,
      });
    },
    onSkip: metrics.skippedComparison,
  });
  const service: Service = {
    config,
    version,
    host,
    shadow,
    admission,
    decoding,
    explaining: createGate(1, now),
    metrics,
    logger: log.logger,
    now,
    notReady: () => (phase === "ready" ? undefined : phase),
  };

  const tracing = await openTracing(config.otlpEndpoint, version);
  const { app, adminApp } = await createApps({
    service,
    samples,
    log,
    tracing,
    access,
    isDraining: () => phase === "draining",
  });
  await Promise.all([app.ready(), adminApp.ready()]);
  phase = "ready";
  const poll = setInterval(() => void host.refresh(), config.pollMs).unref();

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    phase = "draining";
    clearInterval(poll);
    if (config.drainMs > 0) await new Promise((resolve) => setTimeout(resolve, config.drainMs));
    // Bodies may still arrive, and be answered; after that nobody is waited for.
    const graceMs = config.bodyTimeoutMs + config.deadlineMs;
    await Promise.all([endConnections(app, graceMs), endConnections(adminApp, graceMs)]);
    await shadow.idle();
    await host.close();
    await samples.close();
    access.close();
    await tracing?.close().catch((error: unknown) => log.logger.warn("traces were lost", { error: String(error) }));
    metrics.close();
    await log.close();
  };
  return {
    async listen() {
      const url = await listenOn(app, config.host, config.port);
      if (config.adminPort === undefined) return { url };
      return { url, adminUrl: await listenOn(adminApp, config.adminHost, config.adminPort) };
    },
    close() {
      closing ??= close();
      return closing;
    },
    app,
    adminApp,
    service,
  };
}

const idleCheckMs = 100;

/**
 * Stops listening and waits for answers under way. A connection that was kept alive ends as soon as
 * it is idle, every other one after `graceMs`.
 */
async function endConnections(app: FastifyInstance, graceMs: number): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), idleCheckMs);
  const late = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(late);
  }
}

/** The defaults filled in, and every value checked. Errors: CONFIG_INVALID. */
function completeConfig(options: ServerOptions): ServeConfig & { readonly model: string } {
  const config = Value.Default(serveConfigSchema, structuredClone(options));
  const fault = schemaFault(serveConfigSchema, config);
  if (fault) {
    throw new AppError("CONFIG_INVALID", {
      required: expectedOf(fault, "serve"),
      received: fault.received,
    });
  }
  return deepFreeze(config as ServeConfig & { model: string }); // checked above; the model is required by the type
}

async function openTracing(endpoint: string | undefined, version: string) {
  if (endpoint === undefined) return undefined;
  const { createTracing } = await import("./tracing.ts");
  return createTracing({ endpoint, version, now: Date.now });
}

async function openSources({ model, canary, challenger }: ServeConfig & { readonly model: string }) {
  const open = (location: string | undefined): Promise<BundleSource | undefined> =>
    location === undefined ? Promise.resolve(undefined) : openBundleSource(location);
  const [canarySource, challengerSource] = [await open(canary), await open(challenger)];
  return {
    champion: await openBundleSource(model),
    ...(canarySource && { canary: canarySource }),
    ...(challengerSource && { challenger: challengerSource }),
  };
}

/**
 * Connections that the kernel keeps until they are taken: with Node's 511 a burst of callers would
 * wait for their own retries.
 */
const waitingConnections = 4096;

async function listenOn(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port, backlog: waitingConnections });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new AppError("LISTEN_FAILED", {
      required: `an address and port that are free: ${host}:${port}`,
      received: code ?? message,
      ...(code === "EADDRINUSE" && { hint: "another process listens there; choose another one with --port" }),
      cause: error,
    });
  }
}
