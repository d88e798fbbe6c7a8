/**
 * What an object store refuses, as coded errors; nothing of what the SDK knows (headers, keys) is
 * carried along.
 */
import { AppError } from "../../base/errors.ts";
import { systemCodeOf } from "../../base/files/file-failure.ts";
import { sourceChanged } from "./stamped-file.ts";

const credentialsHint = "look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE";

/** The reason in words and what to do about it, by the names that S3 and its SDK give. */
const reasons: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  NoSuchBucket: ["there is no such bucket", "look at the bucket's name, and at AWS_ENDPOINT_URL"],
  AccessDenied: ["access is denied", "ask for s3:ListBucket on the bucket and s3:GetObject below the prefix"],
  Forbidden: ["access is denied", "ask for s3:ListBucket on the bucket and s3:GetObject below the prefix"],
  InvalidAccessKeyId: ["the access key is not known there", credentialsHint],
  SignatureDoesNotMatch: ["the secret key does not fit the access key", credentialsHint],
  ExpiredToken: ["the session token has expired", "sign in again"],
  CredentialsProviderError: ["no credentials were found", credentialsHint],
  PermanentRedirect: ["the bucket is in another region", "set AWS_REGION to the bucket's region"],
  AuthorizationHeaderMalformed: ["the bucket is in another region", "set AWS_REGION to the bucket's region"],
  NoRegion: ["no region is set", "set AWS_REGION; stores other than AWS mostly take us-east-1"],
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
 * STORE_FAILED with the reason; for one object also FILE_NOT_FOUND where it is gone and
 * SOURCE_CHANGED where it is another one. `where` is an address without credentials.
 */
export function s3Failure(where: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const name = nameOf(cause);
  if (name === "PreconditionFailed") return sourceChanged(where);
  if (name === "NoSuchKey") {
    return new AppError("FILE_NOT_FOUND", { required: "an object that exists", received: where });
  }
  const code = systemCodeOf(cause);
  const silent = [code, name].find((text) => text !== undefined && silence.has(text));
  const [reason, hint] =
    silent === undefined
      ? (reasons[name] ?? [`the store answered ${name}`, "look at the store's own log"])
      : [`it does not answer [${silent}]`, "look at the network and at AWS_ENDPOINT_URL; run it again"];
  return new AppError("STORE_FAILED", {
    required: "an object store that lists and gives its objects",
    received: reason,
    where,
    hint,
  });
}

/** The error's name, or what its status says where a store sends an answer without a body. */
function nameOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "an unknown error";
  const status = statusOf(cause);
  if (status === 412) return "PreconditionFailed";
  if (cause.message === "Region is missing") return "NoRegion";
  if (Object.hasOwn(reasons, cause.name) || silence.has(cause.name) || cause.name === "NoSuchKey") return cause.name;
  const isNameless = /^(unknown|error$|\d)/i.test(cause.name);
  if (status === 403 && isNameless) return "AccessDenied";
  if (status === 301) return "PermanentRedirect";
  // A name from outside: letters only, so that it can be shown.
  const name = cause.name.replaceAll(/[^\w.]/g, "").slice(0, 60);
  return status === undefined ? name : `${name} (HTTP ${status})`;
}

function statusOf(cause: Error): number | undefined {
  const metadata: unknown = "$metadata" in cause ? cause.$metadata : undefined;
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata)) return undefined;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : undefined;
}
