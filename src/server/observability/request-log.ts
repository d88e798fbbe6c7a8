/** One JSON line for each request: route, status, outcome, time by phase; never a picture, key or body. */
import { type Logger as Pino, pino } from "pino";
import { writeFailure } from "../../base/files/file-failure.ts";
import { createLogger, type Logger, type LogLevel } from "../../base/logger.ts";
import { visibleJsonText } from "../../base/visible-text.ts";
import type { RequestContext } from "../http/request-context.ts";
import { openLogWriter } from "./log-writer.ts";

export interface RequestLog {
  /** The service's own messages, in the same form. */
  readonly logger: Logger;
  answered(route: string, method: string, status: number, context: RequestContext, totalMs: number): void;
  /** A fault in the service, with its stack. */
  failed(context: RequestContext, error: unknown): void;
  /** Writes what is left, as far as that is taken within two seconds. */
  close(): Promise<void>;
}

export interface RequestLogOptions {
  readonly level: LogLevel;
  /** A file, or standard output unless given. */
  readonly file?: string | undefined;
}

/** How long the last lines may take to be written. */
const closeLimitMs = 2000;

/** Errors: FILE_WRITE_FAILED for a file that cannot be opened. */
export async function createRequestLog({ level, file }: RequestLogOptions): Promise<RequestLog> {
  const writer = await openLogWriter(file, {
    failed(error) {
      const { received } = writeFailure(file ?? "standard output", error);
      process.emitWarning(`the log cannot be written: ${received}`, { code: "PAWPRINT_LOG" });
    },
    recovered: (lostLines) => logger.warn("lines of this log were lost", { lines: lostLines }),
  });
  // Labels come from bundles, and a log is read in terminals.
  const visible = { write: (line: string) => writer.write(visibleJsonText(line)) };
  const log = pino({ level, base: { service: "pawprint" }, timestamp: pino.stdTimeFunctions.isoTime }, visible);
  const logger = loggerOver(log);
  return {
    logger,
    answered(route, method, status, context, totalMs) {
      const write = status >= 500 && status !== 503 ? "error" : status >= 400 ? "warn" : "info";
      log[write](requestFields(route, method, status, context, totalMs));
    },
    failed(context, error) {
      log.error({ request_id: context.id, err: error }, "a fault in the service");
    },
    close: () => writer.close(closeLimitMs),
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
