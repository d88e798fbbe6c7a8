/** Errors of the service, and failures to reach it, in words for people. */

interface ErrorBody {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly where?: unknown;
  readonly hint?: unknown;
  readonly request_id?: unknown;
}

/** The heading over an error. */
const titles: Readonly<Record<string, string>> = {
  IMAGE_UNREADABLE: "This file cannot be read as a picture",
  IMAGE_SIZE: "The picture has the wrong size",
  MEDIA_TYPE_UNSUPPORTED: "This file is not a picture",
  REQUEST_TOO_LARGE: "The file is too large",
  REQUEST_TIMEOUT: "The picture took too long to arrive",
  OVERLOADED: "The service is busy",
  RATE_LIMITED: "Too many requests",
  DEADLINE_EXCEEDED: "The answer took too long",
  NOT_READY: "The service is not ready",
  UNAUTHENTICATED: "The service asks for a key",
  FORBIDDEN: "This key may not do that",
  PREDICTION_UNKNOWN: "The service no longer knows this prediction",
  PREDICTION_LOG_UNAVAILABLE: "The service could not keep this",
  PREDICTION_LOG_OFF: "The service keeps no predictions any more",
  LABEL_UNKNOWN: "The model that serves now has no such class",
  OFFLINE: "The service does not answer",
  NO_FILE: "There was no file in it",
};

/** Statuses after which the same request may succeed. */
const passing = new Set([0, 408, 429, 502, 503, 504]);

export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: string;
  /** The HTTP status; 0 where there was no answer at all. */
  readonly status: number;
  readonly where: string | undefined;
  readonly hint: string | undefined;
  readonly requestId: string | undefined;

  constructor(status: number, { code, message, where, hint, request_id: requestId }: ErrorBody) {
    super(textOf(message) ?? `the service answered with status ${status}`);
    this.code = textOf(code) ?? `HTTP_${status}`;
    this.status = status;
    this.where = textOf(where);
    this.hint = textOf(hint);
    this.requestId = textOf(requestId);
  }

  get title(): string {
    return titles[this.code] ?? (this.status >= 500 ? "The service failed" : "The service refused this");
  }

  /** True where trying again makes sense. */
  get isPassing(): boolean {
    return passing.has(this.status);
  }

  /**
   * What was required and what arrived, from a message `Expected required; got received (where)`.
   */
  get parts(): { readonly required: string; readonly received: string | undefined } {
    const place = this.where === undefined ? "" : ` (${this.where})`;
    const message = this.message.replace(/^Expected /, "");
    const text = place !== "" && message.endsWith(place) ? message.slice(0, -place.length) : message;
    const at = text.indexOf("; got ");
    return at === -1
      ? { required: text, received: undefined }
      : { required: text.slice(0, at), received: text.slice(at + "; got ".length) };
  }

  /** As the service sent it. */
  toJSON(): object {
    const { code, status, message, where, hint, requestId } = this;
    return { error: { code, status, message, where, hint, request_id: requestId } };
  }
}

/** No answer at all: the service or the network is down. */
export function offlineError(origin: string): ServiceError {
  return new ServiceError(0, {
    code: "OFFLINE",
    message: `an answer from ${origin}; got none`,
    hint: "see whether it still runs and this device is online, then try again",
  });
}

/**
 * Anything thrown by a call: what is not the service's own error is a broken connection.
 */
export function toServiceError(error: unknown): ServiceError {
  return error instanceof ServiceError ? error : offlineError(location.origin);
}

/** The error of an answer, of the service itself or of a proxy before it. */
export async function errorFrom(response: Response): Promise<ServiceError> {
  const body: unknown = await response.json().catch(() => undefined);
  const error = isRecord(body) && isRecord(body.error) ? body.error : {};
  return new ServiceError(response.status, { request_id: response.headers.get("x-request-id"), ...error });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
