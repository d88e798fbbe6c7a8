/** The calls of the service that the page makes. */
import type { Contract } from "../../src/server/contract/contract.ts";
import type { AnswerOf } from "../../src/server/contract/route.ts";
import { parseServerTiming, type ServerTiming } from "./server-timing.ts";
import { errorFrom, offlineError } from "./service-error.ts";

type JsonOf<Id extends keyof Contract> = AnswerOf<Contract[Id]>;

/** What the page shows of a bundle's evaluation, which the contract leaves open. */
export interface EvaluationFacts {
  readonly split?: string;
  readonly accuracy?: number;
  readonly count?: number;
  readonly accuracyInterval?: { readonly low: number; readonly high: number };
  readonly classes?: readonly {
    readonly label: string;
    readonly count: number;
    readonly precision: number;
    readonly recall: number;
  }[];
}

export type ModelDescription = Omit<JsonOf<"model">, "evaluation"> & { readonly evaluation: EvaluationFacts };
export type SamplePicture = JsonOf<"samples">["samples"][number];
/** The answer to one picture; to several it would be a list. */
type PredictionBody = Extract<JsonOf<"predict">, { readonly label: string }>;
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

/** Every class is asked for, so that the labels belong to the version that answered. */
const everyClass = 10_000;
/** One caller, one side of a canary: a heat map then comes from the version that answered. */
const caller = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");

let apiKey: string | undefined;

/** Sends an API key with every call from now on. It is kept nowhere but in this page. */
export function setApiKey(key: string): void {
  apiKey = key;
}

/** Errors (of all calls): ServiceError; an AbortError where `signal` fired. */
export async function fetchModel(): Promise<ModelDescription> {
  return (await call("/model")).json();
}

export async function fetchSamples(): Promise<readonly SamplePicture[]> {
  const { samples }: JsonOf<"samples"> = await (await call("/samples")).json();
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

/** The heat map for a class, by its label. */
export async function explain(picture: Blob, label: string, signal: AbortSignal): Promise<HeatMap> {
  const response = await call(`/explain?class=${encodeURIComponent(label)}`, { ...send(picture), signal });
  return {
    picture: await response.blob(),
    label: decodeURIComponent(response.headers.get("x-pawprint-label") ?? encodeURIComponent(label)),
    method: response.headers.get("x-pawprint-method") ?? "",
  };
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
