/** Calls of MLflow's REST interface: who asks, how long it is waited, when it is asked again. */
import type { Static, TSchema } from "typebox";
import { type AppError, isAppError } from "../../base/errors.ts";
import { readText } from "../../base/files/read-file.ts";
import { matchesSchema } from "../../base/schema/matches-schema.ts";
import { expectedOf, schemaFault } from "../../base/schema/schema-fault.ts";
import { readVersion } from "../../base/version.ts";
import type { ServerAccess } from "../tracking-access.ts";
import {
  type HttpAnswer,
  HttpConnections,
  type HttpRequest,
  type SentBody,
  type TlsOptions,
  TransportFault,
} from "./http-exchange.ts";
import { type RetryTiming, systemTiming, waitBefore } from "./retry.ts";
import { type AnswerContext, AnswerFault, jsonOf, requireSuccess } from "./server-answer.ts";
import {
  ambiguous,
  answerInvalid,
  caHint,
  connectionFailure,
  type MlflowRefusal,
  outsideText,
  refused,
} from "./server-failure.ts";

export type QueryValue = string | number | readonly string[] | undefined;

export interface MlflowCall {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/api/2.0/mlflow/`, encoded: `runs/create`; from the server's root with a leading slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** Sent as JSON; NaN and infinities must be texts. */
  readonly body?: Readonly<Record<string, unknown>>;
  /**
   * Whether it does no harm to send it twice; unless given, a GET alone. A call that is not, and
   * failed although the server may have carried it out, throws an AmbiguousFailure.
   */
  readonly isRepeatable?: boolean;
  /** The error for a refusal of MLflow; undefined leaves it to the client. */
  readonly refusal?: (refusal: MlflowRefusal) => AppError | undefined;
  readonly signal?: AbortSignal;
}

export interface MlflowClientOptions {
  /** Ends every call. */
  readonly signal?: AbortSignal;
  readonly timing?: RetryTiming;
}

/**
 * Errors of every call: TRACKING_UNAVAILABLE, TRACKING_REFUSED, TRACKING_ANSWER_INVALID,
 * INTERRUPTED; TRACKING_VALUE_INVALID for what the server takes for a mistake, or as `refusal` says.
 */
export class MlflowClient {
  /** The server's address, without user and password. */
  readonly location: string;
  readonly #connections: HttpConnections;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #secrets: readonly string[];
  readonly #retries: number;
  readonly #signal: AbortSignal;
  readonly #closing = new AbortController();
  readonly #timing: RetryTiming;

  /** Use `openMlflowClient`. */
  constructor(
    access: ServerAccess,
    version: string,
    tls: TlsOptions,
    { signal, timing = systemTiming }: MlflowClientOptions,
  ) {
    this.location = access.url;
    this.#connections = new HttpConnections(tls, access.timeoutMs);
    const authorization = authorizationOf(access);
    this.#headers = {
      "user-agent": `pawprint/${version}`,
      accept: "application/json, */*",
      ...(authorization !== undefined && { authorization }),
    };
    this.#secrets = [access.password, access.token, authorization?.split(" ")[1]].filter((text) => text !== undefined);
    this.#retries = access.retries;
    this.#signal = joined(signal, this.#closing.signal);
    this.#timing = timing;
  }

  /** The answer, which is of the schema. */
  async call<T extends TSchema>(schema: T, call: MlflowCall): Promise<Static<T>> {
    const { body } = call;
    const bytes = body && Buffer.from(JSON.stringify(body));
    const value = await this.#attempt(call, (context, signal) =>
      this.#exchange(call, signal, {
        limit: "answer",
        headers: bytes ? { "content-type": "application/json" } : {},
        body: bytes && { chunks: [bytes], sizeBytes: bytes.length },
      }).then((answer) => jsonOf(answer, context)),
    );
    if (matchesSchema(schema, value)) return value;
    const fault = schemaFault(schema, value);
    const received = fault === undefined ? "another one" : `${fault.received} in place of ${expectedOf(fault, "")}`;
    throw answerInvalid(outsideText(received, this.#secrets), this.location);
  }

  /** The answer's bytes in chunks. What was given already is not asked for again. */
  async *download(call: Omit<MlflowCall, "body">): AsyncGenerator<Uint8Array, void, undefined> {
    const answer = await this.#attempt(call, async (context, signal) => {
      const begun = await this.#exchange(call, signal, { limit: "progress" });
      await requireSuccess(begun, context);
      return begun;
    });
    try {
      yield* answer.body;
    } catch (error) {
      throw error instanceof TransportFault ? connectionFailure(error, this.location) : error;
    }
  }

  /** Sends bytes; `open` hands them on, and is called for each attempt. */
  async upload(
    call: Omit<MlflowCall, "body">,
    open: (send: (body: SentBody) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const repeated = { isRepeatable: true, ...call };
    await this.#attempt(repeated, (context, signal) =>
      open(async (body) => {
        const headers = { "content-type": "application/octet-stream" };
        const answer = await this.#exchange(repeated, signal, { limit: "progress", headers, body });
        await requireSuccess(answer, context);
        for await (const _ of answer.body);
      }),
    );
  }

  /** Ends the calls under way, with INTERRUPTED: none of them is sent again. */
  close(): void {
    this.#closing.abort();
    this.#connections.close();
  }

  async #exchange(
    { method, path, query = {}, isRepeatable = method === "GET" }: MlflowCall,
    signal: AbortSignal | undefined,
    {
      limit,
      headers = {},
      body,
    }: Pick<HttpRequest, "limit"> & { headers?: Record<string, string>; body?: SentBody | undefined },
  ): Promise<HttpAnswer> {
    const url = new URL(`${this.location}${path.startsWith("/") ? path : `/api/2.0/mlflow/${path}`}`);
    for (const [key, value] of Object.entries(query)) {
      for (const one of typeof value === "object" ? value : [value])
        if (one !== undefined) url.searchParams.append(key, `${one}`);
    }
    return this.#connections.exchange({
      method,
      url,
      headers: { ...this.#headers, ...headers },
      limit,
      isAlone: !isRepeatable,
      signal,
      ...(body !== undefined && { body }),
    });
  }

  /** Asks until there is an answer, as often as it may. */
  async #attempt<T>(
    call: MlflowCall,
    ask: (context: AnswerContext, signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T> {
    const { isRepeatable = call.method === "GET", refusal } = call;
    const signal = joined(call.signal, this.#signal);
    for (let attempt = 0; ; attempt++) {
      const now = this.#timing.now();
      try {
        return await ask({ where: this.location, secrets: this.#secrets, now, refusal }, signal);
      } catch (error) {
        const failure = this.#failureOf(error);
        if (failure === undefined) throw error;
        if (failure.isDone && !isRepeatable) throw ambiguous(failure.error);
        const waitMs =
          attempt < this.#retries && failure.isPassing
            ? waitBefore(attempt, failure.askedMs, this.#timing.random)
            : undefined;
        if (waitMs === undefined) throw failure.error;
        await this.#timing.sleep(waitMs, signal);
      }
    }
  }

  /** Undefined for what is no failure of the server. */
  #failureOf(error: unknown): Pick<AnswerFault, "error" | "isPassing" | "isDone" | "askedMs"> | undefined {
    if (error instanceof AnswerFault) return error;
    if (!(error instanceof TransportFault)) return undefined;
    const coded = connectionFailure(error, this.location);
    return {
      error: coded,
      isPassing: isAppError(coded, "TRACKING_UNAVAILABLE"),
      isDone: error.wasSent,
      askedMs: undefined,
    };
  }
}

/** Sends nothing yet. Errors: FILE_NOT_FOUND, FILE_READ_FAILED, TRACKING_REFUSED (files of certificates, token). */
export async function openMlflowClient(access: ServerAccess, options: MlflowClientOptions = {}): Promise<MlflowClient> {
  const ca = access.caFile === undefined ? undefined : await certificatesIn(access.caFile);
  const own = access.clientCertFile === undefined ? undefined : await certificatesIn(access.clientCertFile);
  const tls: TlsOptions = {
    ...(ca !== undefined && { ca }),
    ...(own !== undefined && { cert: own, key: own }),
    rejectUnauthorized: !access.acceptsAnyCertificate,
  };
  return new MlflowClient(access, await readVersion(), tls, options);
}

async function certificatesIn(path: string): Promise<string> {
  const text = await readText(path);
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw refused("certificates in PEM form", "a file without any", path, caHint);
}

/** MLflow's order: user and password, then the token. */
function authorizationOf({ user, password, token, url }: ServerAccess): string | undefined {
  if (user !== undefined && password !== undefined) {
    return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  }
  if (token === undefined) return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw refused(
    "a token of letters, digits and signs",
    "one with other characters",
    url,
    "set MLFLOW_TRACKING_TOKEN again",
  );
}

function joined(signal: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return signal === undefined ? other : AbortSignal.any([signal, other]);
}
