/** What the service answers instead, as an error. */

/** An answer with a status from 400 on: the service's error code and hint, where it gave them. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string | undefined;
  readonly hint: string | undefined;
  readonly requestId: string | undefined;
  /** Seconds after which it may be tried again, where the service says so. */
  readonly retryAfter: number | undefined;

  constructor(status: number, headers: Headers, body: unknown) {
    const error = detailsOf(body);
    super(error.message ?? `the service answered ${status}`);
    this.status = status;
    this.code = error.code;
    this.hint = error.hint;
    this.requestId = headers.get("x-request-id") ?? undefined;
    const seconds = Number(headers.get("retry-after"));
    this.retryAfter = seconds > 0 ? seconds : undefined;
  }
}

/** Of an error in any of the three forms. */
function detailsOf(body: unknown): { readonly message?: string; readonly code?: string; readonly hint?: string } {
  if (typeof body !== "object" || body === null) return {};
  const { error, error_code: code, message }: Readonly<Record<string, unknown>> = { ...body };
  if (typeof error === "object" && error !== null) return error;
  if (typeof error === "string") return { message: error };
  return { ...(typeof code === "string" && { code }), ...(typeof message === "string" && { message }) };
}
