/** One JSON line for each request: route, status, outcome, time by phase; never a picture, key or body. */
import { type Logger as Pino, pino } from "pino";
import { createLogger, type Logger, type LogLevel } from "../../base/logger.ts";
import type { RequestContext } from "../http/request-context.ts";

export interface RequestLog {
  /** The service's own messages, in the same form. */
  readonly logger: Logger;
  answered(route: string, method: string, status: number, context: RequestContext, totalMs: number): void;
  /** A fault in the service, with its stack. */
  failed(context: RequestContext, error: unknown): void;
  /** Flushes. */
  close(): Promise<void>;
}

export interface RequestLogOptions {
  readonly level: LogLevel;
  /** A file, or standard output unless given. */
  readonly file?: string | undefined;
}

/** Lines are written in blocks of this size, or after this time. */
const bufferBytes = 4096;
const flushMs = 1000;
/** Buffered for a full disk or a stalled reader, before lines are dropped. */
const maxLength = 8 * 2 ** 20;

export function createRequestLog({ level, file }: RequestLogOptions): RequestLog {
  const target = pino.destination({ dest: file ?? 1, sync: false, minLength: bufferBytes, maxLength, mkdir: true });
  const isOpen = new Promise<void>((resolve) => {
    target.once("ready", resolve);
    // A full disk costs log lines, not the service.
    target.on("error", () => resolve());
  });
  const timer = setInterval(() => target.flush(), flushMs).unref();
  const log = pino({ level, base: { service: "pawprint" }, timestamp: pino.stdTimeFunctions.isoTime }, target);
  return {
    logger: loggerOver(log),
    answered(route, method, status, context, totalMs) {
      const write = status >= 500 && status !== 503 ? "error" : status >= 400 ? "warn" : "info";
      log[write](requestFields(route, method, status, context, totalMs));
    },
    failed(context, error) {
      log.error({ request_id: context.id, err: error }, "a fault in the service");
    },
    async close() {
      clearInterval(timer);
      await isOpen;
      try {
        target.flushSync();
      } catch {
        // Standard output is closed, or the disk is full: nowhere is left to report it.
      }
    },
  };
}

function requestFields(route: string, method: string, status: number, context: RequestContext, totalMs: number) {
  const { id, parent, phases, outcome, caller, errorCode } = context;
  return {
    request_id: id,
    ...(parent !== undefined && { trace_id: parent.traceId }),
    route,
    method,
    status,
    ...(errorCode !== undefined && { code: errorCode }),
    ...(caller !== undefined && { key: caller.id }),
    ms: {
      total: tenths(totalMs),
      ...(phases.decode !== undefined && { decode: tenths(phases.decode) }),
      ...(phases.queue !== undefined && { queue: tenths(phases.queue) }),
      ...(phases.inference !== undefined && { inference: tenths(phases.inference) }),
    },
    ...(outcome !== undefined && {
      model_version: outcome.modelVersion,
      pictures: outcome.pictures,
      batch: outcome.batchSize,
      prediction: outcome.label,
      confidence: outcome.confidence,
    }),
  };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function loggerOver(log: Pino): Logger {
  return createLogger((level, message, fields) => log[level]({ ...fields }, message));
}
