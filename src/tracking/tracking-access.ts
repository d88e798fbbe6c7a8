/** Where runs and models are, and what opens it: settings joined with MLflow's environment variables. */
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

type Settings = Partial<Pick<TrackingConfig, "trackingUri" | "trackingCaFile" | "trackingTimeoutMs">>;

/** The folder of runs where nothing else is asked for; not `mlruns`, which stops plain `mlflow` there. */
export const usualRunsFolder = "runs";

/**
 * The setting over MLFLOW_TRACKING_URI over `runs`; user, password and token from the environment
 * (MLFLOW_TRACKING_USERNAME, _PASSWORD, _TOKEN, _INSECURE_TLS, _SERVER_CERT_PATH) or, user and
 * password, from the address. `pathOf` resolves a folder.
 * Errors: TRACKING_URI_INVALID.
 */
export function trackingAccess(
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
  pathOf: (path: string) => string,
): TrackingAccess {
  const given = settings.trackingUri ?? (env.MLFLOW_TRACKING_URI || undefined) ?? usualRunsFolder;
  const where = settings.trackingUri === undefined ? "MLFLOW_TRACKING_URI" : "tracking.trackingUri";
  if (/^https?:\/\//i.test(given)) return serverAccess(given, where, settings, env, pathOf);
  const path = folderOf(given, where);
  return { kind: "folder", folder: pathOf(path) };
}

function serverAccess(
  given: string,
  where: string,
  { trackingCaFile, trackingTimeoutMs = 30_000 }: Settings,
  env: Readonly<Record<string, string | undefined>>,
  pathOf: (path: string) => string,
): ServerAccess {
  if (!URL.canParse(given)) throw invalid("an address that is none", where);
  const url = new URL(given);
  const user = env.MLFLOW_TRACKING_USERNAME || decodeURIComponent(url.username) || undefined;
  const password = env.MLFLOW_TRACKING_PASSWORD || decodeURIComponent(url.password) || undefined;
  const token = env.MLFLOW_TRACKING_TOKEN || undefined;
  const ca = trackingCaFile ?? (env.MLFLOW_TRACKING_SERVER_CERT_PATH || undefined);
  return {
    kind: "server",
    url: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(token !== undefined && { token }),
    ...(ca !== undefined && { caFile: pathOf(ca) }),
    acceptsAnyCertificate: env.MLFLOW_TRACKING_INSECURE_TLS === "true",
    timeoutMs: trackingTimeoutMs,
    retries: 5,
  };
}

function folderOf(given: string, where: string): string {
  if (/^file:/i.test(given)) {
    if (!URL.canParse(given)) throw invalid(given, where);
    return decodeURIComponent(new URL(given).pathname);
  }
  // One letter and a colon is a drive.
  if (/^[a-z][a-z0-9+.-]+:/i.test(given) || given === "databricks") throw invalid(given, where);
  return given;
}

function invalid(received: string, where: string): AppError {
  return new AppError("TRACKING_URI_INVALID", {
    required: "a folder, or an http:// or https:// address of an MLflow server",
    received: received.replace(/\/\/[^/@]*@/, "//"),
    where,
    hint: "start a server over that store (mlflow server) and give its address, or a folder",
  });
}
