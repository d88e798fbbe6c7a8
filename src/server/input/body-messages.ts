/** What goes to a thread that reads bodies, and what comes back. */
import { AppError, type ErrorCode, type ErrorDetail, isAppError } from "../../base/errors.ts";
import type { BodyKind, BodyOptions, ReadBody } from "./body-readers.ts";

export type BodyTask<Kinds extends BodyKind = BodyKind> = {
  readonly [Kind in Kinds]: {
    readonly kind: Kind;
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly options: BodyOptions<Kind>;
  };
}[Kinds];

/** An error of this service keeps its code; any other one comes as it is. */
export type BodyReply =
  | { readonly request: ReadBody<BodyKind>; readonly refusal?: undefined; readonly fault?: undefined }
  | { readonly refusal: Refusal; readonly fault?: undefined }
  | { readonly fault: unknown; readonly refusal?: undefined };

interface Refusal {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;
}

export function failedReply(error: unknown): BodyReply {
  if (!isAppError(error)) return { fault: error };
  const { code, required, received, where, hint } = error;
  const detail = {
    required,
    ...(received !== undefined && { received }),
    ...(where !== undefined && { where }),
    ...(hint !== undefined && { hint }),
  };
  return { refusal: { code, detail } };
}

/** Throws what `failedReply` was given. */
export function requestFrom(reply: BodyReply): ReadBody<BodyKind> {
  if (reply.refusal !== undefined) throw new AppError(reply.refusal.code, reply.refusal.detail);
  if ("request" in reply) return reply.request;
  throw reply.fault;
}

/**
 * The same bytes in memory that holds nothing else, to be handed over: a view would send all of the
 * memory that it is a part of, and some memory cannot be sent.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
    ? new Uint8Array(buffer)
    : new Uint8Array(bytes);
}
