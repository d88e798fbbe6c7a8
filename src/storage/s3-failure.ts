/**
 * Refusals of an S3-compatible store as coded errors. Nothing that the SDK knows (headers, keys) is
 * carried along.
 */
import { interruptionOf } from "../base/cancel.ts";
import { AppError } from "../base/errors.ts";
import { systemCodeOf } from "../base/files/file-failure.ts";
import { noObject } from "./object-store.ts";

const credentialsHint = "look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE";
const permissionHint =
  "ask for s3:ListBucket on the bucket and s3:GetObject below the prefix, s3:PutObject to write, s3:DeleteObject to delete";

/** What was met and what to do about it, by the names that S3 and its SDK give. */
const reasons: Readonly<Record<string, readonly [received: string, hint: string]>> = {
  NoSuchBucket: ["no such bucket", "look at the bucket's name, and at AWS_ENDPOINT_URL"],
  AccessDenied: ["access denied", permissionHint],
  Forbidden: ["access denied", permissionHint],
  InvalidAccessKeyId: ["an unknown access key", credentialsHint],
  SignatureDoesNotMatch: ["a secret key other than the access key's", credentialsHint],
  ExpiredToken: ["an expired session token", "sign in again"],
  CredentialsProviderError: ["no credentials", credentialsHint],
  PermanentRedirect: ["a bucket in another region", "set AWS_REGION to the bucket's region"],
  AuthorizationHeaderMalformed: ["a bucket in another region", "set AWS_REGION to the bucket's region"],
  NoRegion: ["no region", "set AWS_REGION; stores other than AWS mostly take us-east-1"],
};

/** System codes of a store that does not answer, and the SDK's name for it. */
const silence = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "TimeoutError",
]);

/**
 * STORE_FAILED with the reason, FILE_NOT_FOUND for an object that is gone, INTERRUPTED where
 * `signal` was aborted; a coded error as it is. `where` is an address without credentials.
 */
export function s3Failure(where: string, cause: unknown, signal: AbortSignal | undefined): AppError {
  if (cause instanceof AppError) return cause;
  if (signal?.aborted) return interruptionOf(signal);
  if (isMissing(cause)) return noObject(where);
  const name = nameOf(cause);
  const code = systemCodeOf(cause);
  const silent = [code, name].find((text) => text !== undefined && silence.has(text));
  const [received, hint] =
    silent === undefined
      ? (reasons[name] ?? [`the answer ${name}`, "look at the store's own log"])
      : [`no answer [${silent}]`, "look at the network and at AWS_ENDPOINT_URL; run it again"];
  return new AppError("STORE_FAILED", { required: "access to the object store", received, where, hint });
}

/**
 * True where there is no such object; HEAD answers without a body and so without S3's name for it.
 */
export function isMissing(cause: unknown): boolean {
  return cause instanceof Error && (cause.name === "NoSuchKey" || cause.name === "NotFound");
}

/** True where the object has another version than the request named. */
export function isOtherVersion(cause: unknown): boolean {
  return cause instanceof Error && (statusOf(cause) === 412 || cause.name === "ConditionalRequestConflict");
}

/** True for the answer to a write that the store may have done before. */
export function isRepeat(cause: unknown): boolean {
  return isOtherVersion(cause) || (cause instanceof Error && cause.name === "NoSuchUpload");
}

/** True where a range begins at or past the object's end. */
export function isPastEnd(cause: unknown): boolean {
  return cause instanceof Error && statusOf(cause) === 416;
}

/** The error's name, or what its status says where a store sends an answer without a body. */
function nameOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "an unknown error";
  const status = statusOf(cause);
  if (cause.message === "Region is missing") return "NoRegion";
  if (Object.hasOwn(reasons, cause.name) || silence.has(cause.name)) return cause.name;
  const isNameless = /^(unknown|error$|\d)/i.test(cause.name);
  if (status === 403 && isNameless) return "AccessDenied";
  if (status === 301) return "PermanentRedirect";
  // A name from outside: letters only, so that it can be shown.
  const name = cause.name.replaceAll(/[^\w.]/g, "").slice(0, 60);
  return status === undefined ? name : `${name} (HTTP ${status})`;
}

function statusOf(cause: Error): number | undefined {
  return metadataOf(cause, "httpStatusCode");
}

/** How often the SDK sent the request that failed. */
export function attemptsOf(cause: unknown): number {
  return (cause instanceof Error ? metadataOf(cause, "attempts") : undefined) ?? 1;
}

function metadataOf(cause: Error, field: "httpStatusCode" | "attempts"): number | undefined {
  const metadata: unknown = "$metadata" in cause ? cause.$metadata : undefined;
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const value: unknown = Reflect.get(metadata, field);
  return typeof value === "number" ? value : undefined;
}
