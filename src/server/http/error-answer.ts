/** Every error as an answer: its status, and its body in the form of the route's protocol. */
import type { FastifyError } from "fastify";
import { AppError, type ErrorCode, httpStatusOf, isAppError, toAppError } from "../../base/errors.ts";
import type { ErrorForm } from "../contract/route.ts";

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** MLflow's error codes, by status. */
const mlflowCodes: Readonly<Record<number, string>> = {
  400: "INVALID_PARAMETER_VALUE",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "RESOURCE_DOES_NOT_EXIST",
  429: "REQUEST_LIMIT_EXCEEDED",
  503: "TEMPORARILY_UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** Of a fault in the service itself, callers see only the request's id. */
export function errorAnswer(error: AppError, form: ErrorForm, requestId: string): ErrorAnswer {
  const status = httpStatusOf(error.code);
  const isOurs = status === 500;
  const message = isOurs
    ? "the service failed at this request; its log says more under the request's id"
    : error.message;
  const hint = isOurs ? undefined : error.hint;
  const headers: Record<string, string> = {};
  if (status === 503 || status === 429) headers["retry-after"] = String(error.retryAfterSeconds ?? 1);
  if (status === 401) headers["www-authenticate"] = "Bearer";
  return { status, headers, body: bodyOf(form, { error, status, message, hint, requestId }) };
}

interface Parts {
  readonly error: AppError;
  readonly status: number;
  readonly message: string;
  readonly hint: string | undefined;
  readonly requestId: string;
}

function bodyOf(form: ErrorForm, { error, status, message, hint, requestId }: Parts): object {
  const text = hint === undefined ? message : `${message}: ${hint}`;
  switch (form) {
    case "open-inference":
      return { error: text };
    case "mlflow":
      return { error_code: mlflowCodes[status] ?? (status < 500 ? "BAD_REQUEST" : "INTERNAL_ERROR"), message: text };
    case "pawprint":
      return {
        error: {
          code: error.code,
          kind: error.kind,
          message,
          ...(status !== 500 && error.where !== undefined && { where: error.where }),
          ...(hint !== undefined && { hint }),
          request_id: requestId,
        },
      };
  }
}

/** What libraries refuse, by their codes; their own words are no noun phrases. */
const libraryErrors: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ["REQUEST_TOO_LARGE", "a smaller body"],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["MEDIA_TYPE_UNSUPPORTED", "a media type in the header content-type"],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["REQUEST_INVALID", "a body as long as its content-length says"],
};

/** For any error that a handler, a hook or Fastify throws; INTERNAL for those not foreseen. */
export function toRequestError(error: unknown): AppError {
  if (error instanceof AppError) return error.code === "INTERRUPTED" ? clientGoneFrom(error) : error;
  const {
    code = "",
    statusCode = 500,
    validation,
    validationContext,
    message,
  } = (error ?? {}) as Partial<FastifyError>;
  if (validation !== undefined) {
    const [first] = validation;
    const place = `${validationContext ?? "request"}${(first?.instancePath ?? "").replaceAll("/", ".")}`;
    return new AppError("REQUEST_INVALID", { required: first?.message ?? "a valid request", where: place });
  }
  if (code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE") return clientGoneFrom(error);
  const known = libraryErrors[code];
  if (known !== undefined) return new AppError(known[0], { required: known[1] });
  if (statusCode < 400 || statusCode >= 500) return toAppError(error);
  return new AppError(codeOfStatus(statusCode), { required: "a valid request", received: `the fault '${message}'` });
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 413) return "REQUEST_TOO_LARGE";
  if (status === 415) return "MEDIA_TYPE_UNSUPPORTED";
  return status === 429 ? "RATE_LIMITED" : "REQUEST_INVALID";
}

function clientGoneFrom(cause: unknown): AppError {
  return new AppError("CLIENT_GONE", { required: "a complete request", received: "a closed connection", cause });
}

/** True where the error is the service's own fault and belongs in the log with its stack. */
export function isFault(error: unknown): boolean {
  return !isAppError(error) || httpStatusOf(error.code) === 500;
}
