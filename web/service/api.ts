/** The calls of the service that the page makes. Of the contract only types are imported. */
import type { Contract } from "../../src/server/contract/contract.ts";
import type { AnswerOf } from "../../src/server/contract/route.ts";
import { parseServerTiming, type ServerTiming } from "./server-timing.ts";
import { errorFrom, offlineError } from "./service-error.ts";

export type ModelDescription = AnswerOf<Contract["model"]>;
export type SamplePicture = AnswerOf<Contract["samples"]>["samples"][number];
type PredictionBody = Extract<AnswerOf<Contract["predict"]>, { readonly label: string }>;
type KeptFeedback = AnswerOf<Contract["feedback"]>;
/** One class of an answer. */
export type ClassShare = NonNullable<PredictionBody["top"]>[number];

export interface Answer {
  readonly label: string;
  readonly confidence: number;
  /** Every class, the most likely first. */
  readonly classes: readonly ClassShare[];
  readonly model: string;
  readonly modelVersion: string;
  readonly requestId: string;
  readonly timing: ServerTiming;
  /** From sending to having read the answer, in milliseconds. */
  readonly roundTripMs: number;
}

export interface HeatMap {
  readonly picture: Blob;
  readonly label: string;
  readonly method: string;
}

/** More than any model has: every class is asked for, so that the labels are the answering version's. */
const everyClass = 10_000;
/** Keeps this page on one side of a canary, so that a heat map comes from the answering version. */
const caller = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");

let apiKey: string | undefined;

/** Sends an API key with every call from now on. It is kept in this page's memory only. */
export function setApiKey(key: string): void {
  apiKey = key;
}

/** Errors (of all calls): ServiceError; an AbortError where `signal` fired. */
export async function fetchModel(): Promise<ModelDescription> {
  return (await call("/model")).json();
}

export async function fetchSamples(): Promise<readonly SamplePicture[]> {
  const { samples }: AnswerOf<Contract["samples"]> = await (await call("/samples")).json();
  return samples;
}

export async function fetchPicture(url: string, signal: AbortSignal): Promise<Blob> {
  return (await call(url, { signal })).blob();
}

export async function predict(picture: Blob, signal: AbortSignal): Promise<Answer> {
  const start = performance.now();
  const response = await call(`/predict?top_k=${everyClass}`, { ...send(picture), signal });
  const body: PredictionBody = await response.json();
  return {
    label: body.label,
    confidence: body.confidence,
    classes: body.top ?? [],
    model: body.model,
    modelVersion: body.model_version,
    requestId: body.request_id,
    timing: parseServerTiming(response.headers.get("server-timing")),
    roundTripMs: performance.now() - start,
  };
}

/** The heat map for a class, by its label; the page has its own caption. */
export async function explain(picture: Blob, label: string, signal: AbortSignal): Promise<HeatMap> {
  const response = await call(`/explain?caption=false&class=${encodeURIComponent(label)}`, {
    ...send(picture),
    signal,
  });
  return {
    picture: await response.blob(),
    label: decodeURIComponent(response.headers.get("x-pawprint-label") ?? encodeURIComponent(label)),
    method: response.headers.get("x-pawprint-method") ?? "",
  };
}

/** What a picture of a request really shows; gives what the service kept. */
export async function sendFeedback(requestId: string, label: string): Promise<KeptFeedback> {
  const body = JSON.stringify({ request_id: requestId, label });
  return (await call("/feedback", { method: "POST", body, headers: { "content-type": "application/json" } })).json();
}

function send(picture: Blob): RequestInit {
  const type = picture.type === "" ? "application/octet-stream" : picture.type;
  return { method: "POST", body: picture, headers: { "content-type": type } };
}

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (apiKey !== undefined) headers.set("authorization", `Bearer ${apiKey}`);
  headers.set("x-request-key", caller);
  const response = await fetch(path, { ...init, headers }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw offlineError(location.origin);
  });
  if (!response.ok) throw await errorFrom(response);
  return response;
}
