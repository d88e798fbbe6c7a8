/** One HTTP request and its answer: time limits, certificates, bodies as streams. */
import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { pipeline } from "node:stream/promises";
import { interruptionOf } from "../../base/cancel.ts";

/** What `node:https` checks the server's certificate with, and shows for the caller's own. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface SentBody {
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly sizeBytes: number;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: SentBody;
  /** `answer`: for all of it. `progress`: for each piece that is sent or received. */
  readonly limit: "answer" | "progress";
  /** A connection of its own: one that was kept may be closed by the server at the same moment. */
  readonly isAlone: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** To be read to its end, or given back by `return`. Throws TransportFault. */
  readonly body: AsyncGenerator<Uint8Array, void, undefined>;
}

/** No answer, or not all of it. */
export class TransportFault extends Error {
  /** Node's or the system's code; "SILENT" where the time limit passed, "CUT" for half an answer. */
  readonly code: string;
  /** Whether the server may have read the request. */
  readonly wasSent: boolean;

  constructor(code: string, wasSent: boolean) {
    super(code);
    this.code = code;
    this.wasSent = wasSent;
  }
}

export class HttpConnections {
  readonly #tls: TlsOptions;
  readonly #timeoutMs: number;
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https: HttpsAgent;

  constructor(tls: TlsOptions, timeoutMs: number) {
    this.#tls = tls;
    this.#timeoutMs = timeoutMs;
    this.#https = new HttpsAgent({ keepAlive: true, ...tls });
  }

  /** Errors: TransportFault; INTERRUPTED; those of the body that is sent. */
  exchange(wanted: HttpRequest): Promise<HttpAnswer> {
    const { method, url, headers, body, isAlone, signal } = wanted;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(interruptionOf(signal));
      const sizes = body === undefined ? {} : { "content-length": `${body.sizeBytes}` };
      const options = { method, headers: { ...headers, ...sizes } };
      const request =
        url.protocol === "https:"
          ? requestHttps(url, { ...options, ...this.#tls, agent: isAlone ? false : this.#https })
          : requestHttp(url, { ...options, agent: isAlone ? false : this.#http });
      let isConnected = false;
      let sourceFault: unknown;
      let silence: TransportFault | undefined;
      request.on("socket", (socket) => {
        if (socket.connecting) {
          socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => {
            isConnected = true;
          });
        } else isConnected = true;
      });
      const patience = new Patience(this.#timeoutMs, () => {
        silence = new TransportFault("SILENT", isConnected);
        request.destroy(silence);
      });
      const onAbort = () => request.destroy(signal && interruptionOf(signal));
      signal?.addEventListener("abort", onAbort, { once: true });
      const finish = () => {
        patience.stop();
        signal?.removeEventListener("abort", onAbort);
      };
      const faultOf = (error: unknown): unknown =>
        sourceFault ?? (signal?.aborted ? interruptionOf(signal) : (silence ?? toFault(error, isConnected)));
      const fail = (error: unknown) => {
        finish();
        reject(faultOf(error));
      };
      request.on("error", fail);
      request.once("response", (response) => {
        const chunks = bodyOf(response, wanted.limit === "progress" ? patience : undefined, faultOf, finish);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: chunks });
      });
      patience.start();
      if (body === undefined) request.end();
      else {
        const watched = watch(body.chunks, wanted.limit === "progress" ? patience : undefined, (error) => {
          sourceFault = error;
        });
        pipeline(watched, request).catch((error: unknown) => {
          // Faults of the connection are the request's "error"; the answer may come in spite of them.
          if (sourceFault === undefined) return;
          request.destroy();
          fail(error);
        });
      }
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

/** Passes a body on and starts the waiting time anew with each piece. */
async function* watch(
  chunks: SentBody["chunks"],
  patience: Patience | undefined,
  onFault: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of chunks) {
      patience?.start();
      yield chunk;
    }
  } catch (error) {
    onFault(error);
    throw error;
  }
}

async function* bodyOf(
  response: IncomingMessage,
  patience: Patience | undefined,
  faultOf: (error: unknown) => unknown,
  finish: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    patience?.start();
    for await (const chunk of response) {
      // The time that the reader takes is not the server's.
      patience?.stop();
      yield chunk;
      patience?.start();
    }
    if (!response.complete) throw new TransportFault("CUT", true);
  } catch (error) {
    throw faultOf(error);
  } finally {
    finish();
    if (!response.complete) response.destroy();
  }
}

function toFault(error: unknown, isConnected: boolean): TransportFault {
  if (error instanceof TransportFault) return error;
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "UNKNOWN";
  return new TransportFault(code, isConnected);
}

/** A timer that can be started anew. */
class Patience {
  readonly #ms: number;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, onEnd: () => void) {
    this.#ms = ms;
    this.#onEnd = onEnd;
  }

  start(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onEnd, this.#ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
