/**
 * A typed client of the service, made from the contract. It needs `fetch` alone, so it runs in
 * browsers too: of the contract it imports types and the table of endpoints, no schemas.
 */
import { describeValue } from "../../base/describe-value.ts";
import { AppError } from "../../base/errors.ts";
import type { FileSource } from "../../base/files/file-source.ts";
import { hintForName } from "../../base/nearest.ts";
import type { Contract } from "../contract/contract.ts";
import { endpoints, type RouteId } from "../contract/endpoints.ts";
import type { AnswerOf, BodyOf, ParamsOf, QueryOf, RouteContract } from "../contract/route.ts";
import { ApiError } from "./api-error.ts";
import { bodyOf, picturesBody, type RequestBody } from "./request-body.ts";

/** What a call may carry. */
export interface CallOptions<R extends RouteContract> {
  readonly params?: ParamsOf<R>;
  readonly query?: QueryOf<R>;
  /** JSON, or a picture file's bytes. */
  readonly body?: BodyOf<R> | Uint8Array | ArrayBuffer | Blob | FormData;
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

type PredictAnswer = AnswerOf<Contract["predict"]>;
type ManyAnswer = Extract<PredictAnswer, { readonly predictions: unknown }>;
/** The service's answer to one picture. */
export type ServedPrediction = ManyAnswer["predictions"][number];

export interface PredictCallOptions {
  /** Also list so many of the most likely classes. */
  readonly topK?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface ExplainCallOptions {
  /** A label or a class index; the predicted class unless given. */
  readonly class?: string | number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface ServedHeatMap {
  /** The picture with the heat map over it: the bytes of a PNG. */
  readonly png: Uint8Array;
  /** The class that is explained. */
  readonly label: string;
  readonly classIndex: number;
}

/** Calls the routes of a service. */
export interface ApiClient {
  /**
   * The prediction for one picture file: its bytes, a Blob or a File; in Node.js also its path or
   * file: URL. Errors: as `predictPictures`.
   */
  predict(picture: FileSource, options?: PredictCallOptions): Promise<ServedPrediction>;
  /**
   * Predictions for several, in their order, in one request.
   * Errors: ARGUMENT_INVALID before anything is sent, where one is no picture source;
   * FILE_NOT_FOUND, FILE_READ_FAILED; as `call`.
   */
  predictPictures(pictures: readonly FileSource[], options?: PredictCallOptions): Promise<readonly ServedPrediction[]>;
  /** A heat map of the evidence for a class. Errors: as `predictPictures`. */
  explain(picture: FileSource, options?: ExplainCallOptions): Promise<ServedHeatMap>;
  /**
   * Calls a route by its name in the contract. Errors: ApiError for any status from 400 on;
   * ARGUMENT_INVALID before anything is sent, for arguments that cannot be sent as they are; what
   * `fetch` throws.
   */
  call<Id extends RouteId>(id: Id, options?: CallOptions<Contract[Id]>): Promise<CallAnswer<Contract[Id]>>;
}

export interface ClientOptions {
  /** An API key or a token. */
  readonly key?: string;
  readonly fetch?: typeof fetch;
}

/**
 * Makes a client of the service at `origin`, such as `http://localhost:8000`; nothing is sent
 * before the first call. Errors: ARGUMENT_INVALID.
 */
export function createClient(origin: string, options: ClientOptions = {}): ApiClient {
  requireOptions(options, ["key", "fetch"], "createClient");
  requireOrigin(origin);
  const { key, fetch: send = fetch } = options;

  async function request<Id extends RouteId>(
    id: Id,
    { params, query, headers = {}, signal }: Omit<CallOptions<Contract[Id]>, "body">,
    { content, type }: RequestBody,
  ): Promise<CallAnswer<Contract[Id]>> {
    const { method, path } = endpoints[id];
    const answer = await send(urlOf(origin, path, params, query), {
      method,
      headers: {
        // Of a route that answers in several forms, the one that `json` has the type of.
        accept: "application/json, */*;q=0.5",
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(type !== undefined && { "content-type": type }),
        ...headers,
      },
      // Bytes that are shared with another thread are taken by `fetch` as others.
      ...(content !== undefined && { body: content as Exclude<typeof content, Uint8Array> }),
      ...(signal && { signal }),
    });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const isJson = /^application\/json\b/.test(answer.headers.get("content-type") ?? "");
    const json = isJson ? parse(bytes) : undefined;
    if (answer.status >= 400) throw new ApiError(answer.status, answer.headers, json);
    // The service checks its answers against the same contract in its tests.
    return { status: answer.status, headers: answer.headers, bytes, json: json as AnswerOf<Contract[Id]> };
  }

  async function predictAll(
    pictures: readonly FileSource[],
    names: readonly string[],
    { topK, ...options }: PredictCallOptions,
  ): Promise<readonly ServedPrediction[]> {
    const body = await picturesBody(pictures, names);
    const { json, headers } = await request(
      "predict",
      { ...options, query: { ...(topK !== undefined && { top_k: topK }) } },
      body,
    );
    const predictions = predictionsIn(json);
    if (predictions.length !== pictures.length) throw otherAnswer(headers, `${predictions.length} predictions`);
    return predictions;
  }

  return {
    async predict(picture, options = {}) {
      requireOptions(options, ["topK", "headers", "signal"], "predict");
      const [prediction] = await predictAll([picture], ["picture"], options);
      return prediction!; // one picture, one prediction
    },

    async predictPictures(pictures, options = {}) {
      requireOptions(options, ["topK", "headers", "signal"], "predictPictures");
      if (!Array.isArray(pictures)) throw notAList(pictures);
      if (pictures.length === 0) return [];
      const names = Array.from(pictures, (_, at) => `pictures[${at}]`);
      return predictAll(pictures, names, options);
    },

    async explain(picture, options = {}) {
      requireOptions(options, ["class", "headers", "signal"], "explain");
      const { class: wanted, ...others } = options;
      const body = await picturesBody([picture], ["picture"]);
      const query = { ...(wanted !== undefined && { class: String(wanted) }) };
      const { bytes, headers } = await request("explain", { ...others, query }, body);
      const [label, index] = [headers.get("x-pawprint-label"), headers.get("x-pawprint-class")];
      if (label === null || index === null) throw otherAnswer(headers);
      return { png: bytes, label: decodeURIComponent(label), classIndex: Number(index) };
    },

    async call(id, options = {}) {
      if (!Object.hasOwn(endpoints, id)) throw unknown("a route's name", id, Object.keys(endpoints), "call");
      requireOptions(options, ["params", "query", "body", "headers", "signal"], "call");
      const { body, ...others } = options;
      return request(id, others, bodyOf(body));
    },
  };
}

/** Errors: ARGUMENT_INVALID for what is no object, and for a name that is not among `known`. */
function requireOptions(options: unknown, known: readonly string[], call: string): void {
  if (Object.prototype.toString.call(options) !== "[object Object]") {
    throw new AppError("ARGUMENT_INVALID", {
      required: "an object with options",
      received: describeValue(options),
      where: call,
    });
  }
  const stranger = Object.keys(options as object).find((name) => !known.includes(name)); // an object, by its tag
  if (stranger !== undefined) throw unknown("a known option", stranger, known, call);
}

function unknown(required: string, name: string, known: readonly string[], where: string): AppError {
  const hint = hintForName(String(name), known);
  return new AppError("ARGUMENT_INVALID", {
    required,
    received: describeValue(name),
    where,
    ...(hint !== undefined && { hint }),
  });
}

/** The predictions in an answer of status 200; none where something else has answered. */
function predictionsIn(json: unknown): readonly ServedPrediction[] {
  if (typeof json !== "object" || json === null) return [];
  // The service checks its answers against the contract; a proxy's page has neither key.
  if ("predictions" in json && Array.isArray(json.predictions)) return json.predictions;
  return "label" in json ? [json as ServedPrediction] : [];
}

/** SERVICE_UNREACHABLE: a proxy, or another program, has answered in the service's place. */
function otherAnswer(headers: Headers, what?: string): AppError {
  return new AppError("SERVICE_UNREACHABLE", {
    required: "an answer of a Pawprint service",
    received: what ?? headers.get("content-type") ?? "an answer without a content type",
    hint: "look at the address, and at what answers there",
  });
}

function requireOrigin(origin: unknown): void {
  const url = URL.canParse(String(origin)) ? new URL(String(origin)) : undefined;
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  if (isWeb && url.search === "" && url.hash === "") return;
  throw new AppError("ARGUMENT_INVALID", {
    required: "the service's address, such as http://localhost:8000",
    received: describeValue(origin),
    where: "createClient",
  });
}

function notAList(pictures: unknown): AppError {
  return new AppError("ARGUMENT_INVALID", {
    required: "a list of pictures",
    received: describeValue(pictures),
    where: "predictPictures",
    hint: "predict takes one picture",
  });
}

function urlOf(origin: string, path: string, params: object | undefined, query: object | undefined): URL {
  const values: Readonly<Record<string, unknown>> = { ...params };
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (values[name] === undefined)
      throw new AppError("ARGUMENT_INVALID", { required: `params with ${name}`, where: path });
    const value = String(values[name]);
    // An address without a part, or with "..", is that of another route.
    if (["", ".", ".."].includes(value))
      throw new AppError("ARGUMENT_INVALID", { required: `a name for ${name}`, received: `'${value}'`, where: path });
    return encodeURIComponent(value);
  });
  // The address may have a path of its own, behind a proxy.
  const url = new URL(origin.replace(/\/*$/, "") + filled);
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
