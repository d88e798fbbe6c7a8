/** Where runs and models are, and what opens it: settings joined with MLflow's environment variables. */
import { fileURLToPath } from "node:url";
import { describeValue } from "../base/describe-value.ts";
import { AppError } from "../base/errors.ts";
import type { TrackingConfig } from "./tracking-config.ts";

/** An MLflow server and what it asks for. */
export interface ServerAccess {
  readonly kind: "server";
  /** Without user, password, query and trailing slash; a path prefix stays. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** PEM file. */
  readonly caFile?: string;
  /** PEM file with the caller's own certificate and its key. */
  readonly clientCertFile?: string;
  readonly acceptsAnyCertificate: boolean;
  /** For one answer. */
  readonly timeoutMs: number;
  /** Further attempts after a failure that may pass. */
  readonly retries: number;
}

export type TrackingAccess = { readonly kind: "folder"; readonly folder: string } | ServerAccess;

type Environment = Readonly<Record<string, string | undefined>>;
type Settings = Partial<Pick<TrackingConfig, "trackingUri" | "trackingCaFile" | "trackingTimeoutMs">>;

/** The folder of runs where nothing else is asked for; not `mlruns`, which stops plain `mlflow` there. */
export const usualRunsFolder = "runs";

/**
 * The setting over MLFLOW_TRACKING_URI over `runs`; user, password and token from the environment
 * (MLFLOW_TRACKING_USERNAME, _PASSWORD, _TOKEN, _INSECURE_TLS, _SERVER_CERT_PATH, _CLIENT_CERT_PATH)
 * or, user and password, from the address; the time for an answer and the number of further attempts
 * from MLFLOW_HTTP_REQUEST_TIMEOUT (seconds) and _MAX_RETRIES. `pathOf` resolves a folder.
 * Source: mlflow/environment_variables.py of MLflow 3.17.
 * Errors: TRACKING_URI_INVALID, CONFIG_INVALID.
 */
export function trackingAccess(settings: Settings, env: Environment, pathOf: (path: string) => string): TrackingAccess {
  const given = settings.trackingUri ?? (env.MLFLOW_TRACKING_URI || undefined) ?? usualRunsFolder;
  const where = settings.trackingUri === undefined ? "MLFLOW_TRACKING_URI" : "tracking.trackingUri";
  if (/^https?:\/\//i.test(given)) return serverAccess(given, where, settings, env, pathOf);
  const path = folderOf(given, where);
  return { kind: "folder", folder: pathOf(path) };
}

function serverAccess(
  given: string,
  where: string,
  { trackingCaFile, trackingTimeoutMs }: Settings,
  env: Environment,
  pathOf: (path: string) => string,
): ServerAccess {
  if (!URL.canParse(given)) throw invalid("an address that is none", where);
  const url = new URL(given);
  const user = env.MLFLOW_TRACKING_USERNAME || decoded(url.username);
  const password = env.MLFLOW_TRACKING_PASSWORD || decoded(url.password);
  const token = env.MLFLOW_TRACKING_TOKEN;
  const ca = trackingCaFile ?? env.MLFLOW_TRACKING_SERVER_CERT_PATH;
  const own = env.MLFLOW_TRACKING_CLIENT_CERT_PATH;
  const timeoutSeconds = wholeNumber(env, "MLFLOW_HTTP_REQUEST_TIMEOUT", 1, 600);
  return {
    kind: "server",
    url: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    ...(user && { user }),
    ...(password && { password }),
    ...(token && { token }),
    ...(ca && { caFile: pathOf(ca) }),
    ...(own && { clientCertFile: pathOf(own) }),
    acceptsAnyCertificate: /^(true|1)$/i.test(env.MLFLOW_TRACKING_INSECURE_TLS ?? ""),
    timeoutMs: trackingTimeoutMs ?? (timeoutSeconds === undefined ? usualTimeoutMs : timeoutSeconds * 1000),
    retries: wholeNumber(env, "MLFLOW_HTTP_REQUEST_MAX_RETRIES", 0, 10) ?? usualRetries,
  };
}

const usualTimeoutMs = 30_000;
/** With the waits between them some 8 seconds. */
const usualRetries = 5;

/** A part of an address; as it stands where it is not encoded, as passwords with % often are. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function wholeNumber(env: Environment, name: string, minimum: number, maximum: number): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum) return Number(text);
  throw new AppError("CONFIG_INVALID", {
    required: `a whole number from ${minimum} to ${maximum}`,
    received: describeValue(text),
    where: name,
  });
}

function folderOf(given: string, where: string): string {
  if (/^file:/i.test(given)) {
    try {
      return fileURLToPath(given);
    } catch {
      throw invalid(given, where);
    }
  }
  // One letter and a colon is a drive.
  if (/^[a-z][a-z0-9+.-]+:/i.test(given) || given === "databricks") throw invalid(given, where);
  return given;
}

/**
 * An address as it may be shown: without user and password. What could be part of a password, such as
 * one with a slash that was not escaped, is left out too.
 */
export function withoutCredentials(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && url.host !== "" && url.username === "" && url.password === "") return address;
  return address.replace(/^([a-z][\w+.-]*:(?:\/\/)?).*@/i, "$1");
}

function invalid(received: string, where: string): AppError {
  return new AppError("TRACKING_URI_INVALID", {
    required: "a folder, or an http:// or https:// address of an MLflow server",
    received: withoutCredentials(received),
    where,
    hint: "start a server over that store (mlflow server) and give its address, or a folder",
  });
}
