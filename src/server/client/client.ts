/**
 * A typed client of the service, made from the contract. It needs `fetch` alone, so it runs in
 * browsers too: of the contract it imports types and the table of endpoints, no schemas.
 */
import type { Contract } from "../contract/contract.ts";
import { endpoints, type RouteId } from "../contract/endpoints.ts";
import type { AnswerOf, BodyOf, ParamsOf, QueryOf, RouteContract } from "../contract/route.ts";

/** What a call may carry. */
export interface CallOptions<R extends RouteContract> {
  readonly params?: ParamsOf<R>;
  readonly query?: QueryOf<R>;
  /** A JSON body, or bytes with their `type`. */
  readonly body?: BodyOf<R> | Blob | FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface CallAnswer<R extends RouteContract> {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where the answer is JSON, else undefined. */
  readonly json: AnswerOf<R>;
  /** The body as it came. */
  readonly bytes: Uint8Array;
}

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

/** Calls the routes of a service. */
export interface ApiClient {
  /**
   * Calls a route by its name in the contract. Errors: ApiError for any status from 400 on; what
   * `fetch` throws.
   */
  call<Id extends RouteId>(id: Id, options?: CallOptions<Contract[Id]>): Promise<CallAnswer<Contract[Id]>>;
}

export interface ClientOptions {
  /** An API key or a token. */
  readonly key?: string;
  readonly fetch?: typeof fetch;
}

/** @param origin such as `http://localhost:8000` */
/** Makes a client of the service at `origin`; nothing is sent before the first call. */
export function createClient(origin: string, { key, fetch: send = fetch }: ClientOptions = {}): ApiClient {
  return {
    async call<Id extends RouteId>(id: Id, options: CallOptions<Contract[Id]> = {}) {
      const { method, path } = endpoints[id];
      const { params, query, body, headers = {}, signal } = options;
      const content = contentOf(body);
      const answer = await send(urlOf(origin, path, params, query), {
        method,
        headers: {
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(typeof content === "string" && { "content-type": "application/json" }),
          ...headers,
        },
        ...(content !== undefined && { body: content }),
        ...(signal && { signal }),
      });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const type = answer.headers.get("content-type") ?? "";
      const json = /^application\/json\b/.test(type) ? parse(bytes) : undefined;
      if (answer.status >= 400) throw new ApiError(answer.status, answer.headers, json);
      // The service checks its answers against the same contract in its tests.
      return { status: answer.status, headers: answer.headers, bytes, json: json as AnswerOf<Contract[Id]> };
    },
  };
}

function contentOf(body: unknown): string | Blob | FormData | undefined {
  if (body === undefined || body instanceof Blob || body instanceof FormData) return body;
  return JSON.stringify(body);
}

function urlOf(origin: string, path: string, params: object | undefined, query: object | undefined): URL {
  const values: Readonly<Record<string, unknown>> = { ...params };
  const url = new URL(
    path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name]))),
    origin,
  );
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // not JSON despite its content type, such as a proxy's page: the status says enough
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
