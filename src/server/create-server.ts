/** The service as a whole: opens its parts, listens, and ends without losing a request. */
import type { FastifyInstance } from "fastify";
import { readBuildInfo } from "../base/build-info.ts";
import { createCloseStack } from "../base/close-stack.ts";
import { endsWithin } from "../base/within.ts";
import { completeConfig } from "./complete-config.ts";
import { createService, type ServiceEngines } from "./create-service.ts";
import { endConnections, listenOn } from "./http/connections.ts";
import { fitConnections } from "./load/fit-connections.ts";
import { createRequestLog } from "./observability/request-log.ts";
import { openTracing } from "./observability/tracing.ts";
import { openSamples } from "./samples.ts";
import { createAccess } from "./security/access.ts";
import { exposureOf } from "./security/exposure.ts";
import type { ServeConfig } from "./serve-config.ts";
import type { Service } from "./service.ts";

/** A service that can listen and be closed. */
export interface PawprintServer {
  /** Starts to take requests. Errors: LISTEN_FAILED. */
  listen(): Promise<{ readonly url: string; readonly adminUrl?: string }>;
  /** What is open to other machines without a key, as sentences; they are logged too. */
  readonly warnings: readonly string[];
  /**
   * Ends without losing a request: readiness turns 503, after `drainMs` the service stops
   * listening, requests in flight are answered, then all resources are closed. Takes at most
   * `drainMs`, `bodyTimeoutMs`, `deadlineMs` and seven seconds. A second call joins the first.
   */
  close(): Promise<void>;
  /** Fastify itself: `app.inject` calls a route without a socket. */
  readonly app: FastifyInstance;
  readonly adminApp: FastifyInstance;
  readonly service: Service;
}

/** Beyond the time for requests in flight: for engines, samples and traces to be closed. */
const closeLimitMs = 5000;

/** What a caller of the library gives: the model, and whatever differs from the defaults. */
export type ServerOptions = Partial<ServeConfig> & {
  readonly model: string;
  /** Ends what is being loaded, and the start with it. */
  readonly signal?: AbortSignal;
};

/**
 * Loads the models and makes the service ready, not listening yet.
 * Errors: MODEL_SOURCE_INVALID, CONFIG_INVALID, PACKAGE_MISSING, FILE_WRITE_FAILED (of `logFile`),
 * INTERRUPTED, and those of the champion's bundle (FILE_NOT_FOUND, BUNDLE_INVALID, BUNDLE_PARITY, ...).
 */
export async function createServer(
  { signal, ...options }: ServerOptions,
  engines: ServiceEngines,
): Promise<PawprintServer> {
  const { config, warnings: ofFiles } = fitConnections(completeConfig(options));
  const { isLocal, warnings: ofExposure } = await exposureOf(config);
  const warnings = [...ofExposure, ...ofFiles];
  const build = await readBuildInfo(process.env);
  const log = await createRequestLog({ level: config.logLevel, file: config.logFile });
  const { logger } = log;
  const parts = createCloseStack();
  let phase: "starting" | "ready" | "draining" = "starting";
  let hasListened = false;

  const open = async () => {
    const tracing =
      config.otlpEndpoint === undefined
        ? undefined
        : await openTracing({ endpoint: config.otlpEndpoint, version: build.version, now: Date.now });
    parts.add(() =>
      tracing?.close().catch((error: unknown) => logger.warn("traces were lost", { error: String(error) })),
    );
    const access = await createAccess(config, logger);
    parts.add(access.close);
    const samples = openSamples(config.samples);
    parts.add(samples.close);
    const notReady = (): string | undefined => (phase === "ready" ? undefined : phase);
    const opening = createService({ config, build, logger, engines, notReady, signal });
    // Also where what is loaded beside it fails.
    parts.add(async () => closeService(await opening.catch(() => undefined)));
    // While the engine starts in a thread of its own, this one loads the HTTP libraries.
    const [service, { createApps }] = await Promise.all([opening, import("./app/create-apps.ts")]);
    const isDraining = (): boolean => phase === "draining";
    const apps = await createApps({ service, samples, log, tracing, access, isLocal, isDraining });
    await Promise.all([apps.app.ready(), apps.adminApp.ready()]);
    return { service, ...apps };
  };
  const { service, app, adminApp } = await open().catch(async (error: unknown) => {
    await parts.close().catch(() => undefined);
    await log.close();
    throw error;
  });
  phase = "ready";
  const poll = setInterval(() => void service.host.refresh(), config.pollMs).unref();

  // Bodies may still arrive and be answered; no connection is kept for longer.
  const graceMs = config.bodyTimeoutMs + config.deadlineMs;
  const endParts = async (): Promise<void> => {
    if (hasListened && config.drainMs > 0) await new Promise((resolve) => setTimeout(resolve, config.drainMs));
    await Promise.all([endConnections(app, graceMs), endConnections(adminApp, graceMs)]);
    await parts.close();
  };
  const close = async (): Promise<void> => {
    phase = "draining";
    clearInterval(poll);
    try {
      const isWhole = await endsWithin(endParts(), config.drainMs + graceMs + closeLimitMs);
      if (!isWhole) logger.warn("the service ended with parts still open", { limitMs: closeLimitMs });
    } finally {
      await log.close();
    }
  };
  let closing: Promise<void> | undefined;
  return {
    async listen() {
      const url = await listenOn(app, config.host, config.port);
      hasListened = true;
      for (const warning of warnings) logger.warn(warning);
      if (config.adminPort === undefined) return { url };
      return { url, adminUrl: await listenOn(adminApp, config.adminHost, config.adminPort) };
    },
    close() {
      closing ??= close();
      return closing;
    },
    warnings,
    app,
    adminApp,
    service,
  };
}

async function closeService(service: Service | undefined): Promise<void> {
  await service?.shadow.idle();
  await Promise.all([service?.recorder?.close(), service?.keeper?.close()]);
  await service?.host.close();
  await service?.reading.close();
  service?.metrics.close();
}
