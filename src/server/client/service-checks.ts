/**
 * What a service must do beyond the form of its answers: be ready, show its documentation, refuse
 * with coded errors, run the code and give the answers that are expected.
 */
import { isErrorCode } from "../../base/errors.ts";
import { type BundleInfo, type ParityExample, parityPicture } from "../../bundle/bundle.ts";
import { parityTolerance } from "../../bundle/parity.ts";
import { ApiError } from "./api-error.ts";
import type { ApiClient } from "./client.ts";
import { expositionFault } from "./exposition-fault.ts";
import type { SmokeStep } from "./smoke-test.ts";

/** Where the service is, for what the contract has no route for. */
export interface CheckedService {
  readonly client: ApiClient;
  readonly origin: string;
  readonly key?: string;
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

export interface Expectations {
  /** All digits of the code's commit, or the first. */
  readonly commit?: string;
  readonly version?: string;
  /** Of the image: `sha256:` and 64 digits. */
  readonly imageDigest?: string;
  /** The bundle that must answer as champion. */
  readonly bundle?: Pick<BundleInfo, "labels" | "recipe" | "parity">;
}

/** What is wrong, if anything. */
type Check = () => Promise<string | undefined>;

/** Makes one check after the other. Errors: what `fetch` throws where nobody listens. */
export async function* serviceChecks(
  service: CheckedService,
  expected: Expectations,
): AsyncGenerator<SmokeStep, void, undefined> {
  for (const [check, route, find] of checksOf(service, expected)) {
    const start = service.now();
    let fault: string | undefined;
    try {
      fault = await find();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fault = `${error.status}: ${error.message}`;
    }
    const ms = service.now() - start;
    yield { route, check, ok: fault === undefined, ms, ...(fault !== undefined && { fault }) };
  }
}

function checksOf(service: CheckedService, expected: Expectations): readonly (readonly [string, string, Check])[] {
  const { client } = service;
  const { version, commit, imageDigest, bundle } = expected;
  const says = (name: string, wanted: string): readonly [string, string, Check] => [
    `${name.replace("_", " ")} ${wanted}`,
    "GET /version",
    () => buildFault(client, name, wanted),
  ];
  return [
    ["a model is loaded", "GET /health", () => modelFault(client)],
    ["ready", "GET /readyz", () => readyFault(client)],
    ["documentation", "GET /docs", () => docsFault(service)],
    ["metrics can be parsed", "GET /metrics", () => metricsFault(client)],
    ["a broken body is refused", "POST /predict", () => brokenBodyFault(service)],
    ["an unknown route is refused", `GET ${unknownPath}`, () => unknownRouteFault(service)],
    ...(version === undefined ? [] : [says("version", version)]),
    ...(commit === undefined ? [] : [says("commit", commit)]),
    ...(imageDigest === undefined ? [] : [says("image_digest", imageDigest)]),
    ...(bundle?.parity ?? []).flatMap((example): (readonly [string, string, Check])[] => [
      [
        `known answer ${example.seed}`,
        "POST /v2/models/{model}/versions/{version}/infer",
        () => inferFault(client, bundle!, example), // it has the example
      ],
      [`known answer ${example.seed}`, "POST /predict", () => predictFault(client, bundle!, example)],
    ]),
  ];
}

async function modelFault(client: ApiClient): Promise<string | undefined> {
  const { json } = await client.call("health");
  return fieldOf(json, "model_loaded") === true ? undefined : "no model is loaded";
}

async function readyFault(client: ApiClient): Promise<string | undefined> {
  const status = fieldOf((await client.call("readyz")).json, "status");
  return status === "ok" ? undefined : `expected status 'ok'; got ${JSON.stringify(status)}`;
}

async function docsFault(service: CheckedService): Promise<string | undefined> {
  const answer = await send(service, "/docs");
  const page = await answer.text();
  if (answer.status !== 200) return `expected status 200; got ${answer.status}`;
  const type = answer.headers.get("content-type") ?? "";
  return type.startsWith("text/html") && page !== "" ? undefined : `expected a page of HTML; got '${type}'`;
}

async function metricsFault(client: ApiClient): Promise<string | undefined> {
  return expositionFault(new TextDecoder().decode((await client.call("metrics")).bytes));
}

function brokenBodyFault(service: CheckedService): Promise<string | undefined> {
  const headers = { "content-type": "application/json" };
  return refusalFault(service, "/predict", { method: "POST", headers, body: "{" }, 400, "REQUEST_INVALID");
}

const unknownPath = "/no-such-route";

function unknownRouteFault(service: CheckedService): Promise<string | undefined> {
  return refusalFault(service, unknownPath, {}, 404, "ROUTE_UNKNOWN");
}

/** How a refusal differs from the contract's form of errors. */
async function refusalFault(
  service: CheckedService,
  path: string,
  init: SentRequest,
  status: number,
  code: string,
): Promise<string | undefined> {
  const answer = await send(service, path, init);
  const error = fieldOf(await answer.json().catch(() => undefined), "error");
  const received = fieldOf(error, "code");
  if (answer.status !== status) return `expected status ${status}; got ${answer.status}`;
  if (typeof received !== "string" || !isErrorCode(received)) return "expected an error with a code; got another body";
  if (received !== code) return `expected the code ${code}; got ${received}`;
  const isWhole = ["kind", "message"].every((name) => typeof fieldOf(error, name) === "string");
  return isWhole ? undefined : "expected an error with kind and message; got one without";
}

async function buildFault(client: ApiClient, name: string, wanted: string): Promise<string | undefined> {
  const { json, bytes } = await client.call("version");
  // Earlier services answer with the version as text.
  const told = json ?? { version: new TextDecoder().decode(bytes).trim().slice(0, 200) };
  const received = fieldOf(told, name);
  if (typeof received !== "string") return `expected ${wanted}; the service does not say`;
  const isSame = name === "commit" ? received.startsWith(wanted) : received === wanted;
  return isSame ? undefined : `expected ${wanted}; got ${received}`;
}

type Questioned = NonNullable<Expectations["bundle"]>;

/** Asked by its version, so that no canary answers. */
async function inferFault(
  client: ApiClient,
  { recipe, labels }: Questioned,
  example: ParityExample,
): Promise<string | undefined> {
  const { json: served } = await client.call("model");
  const labelsServed = fieldOf(served, "labels");
  if (JSON.stringify(labelsServed) !== JSON.stringify(labels)) return "the service has other labels than the bundle";
  const { name: model, version } = served;
  const { height, width, channels } = recipe;
  const data = Array.from(parityPicture(example.seed, recipe));
  const { json } = await client.call("v2InferVersion", {
    params: { model, version },
    body: { inputs: [{ name: "pictures", shape: [1, height, width, channels], datatype: "UINT8", data }] },
  });
  const outputs = fieldOf(json, "outputs");
  const output = (name: string): unknown =>
    Array.isArray(outputs)
      ? fieldOf(
          outputs.find((one) => fieldOf(one, "name") === name),
          "data",
        )
      : undefined;
  const fault = differenceFault("probabilities", output("probabilities"), example.probabilities, example.tolerance);
  if (fault !== undefined || example.logits === undefined) return fault;
  const largest = example.logits.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return differenceFault("logits", output("logits"), example.logits, (example.tolerance ?? parityTolerance) * largest);
}

/** Which requests a canary answers follows from this header: one of so many is the champion's. */
const mostTries = 20;

async function predictFault(
  client: ApiClient,
  { recipe }: Questioned,
  example: ParityExample,
): Promise<string | undefined> {
  const { json: served } = await client.call("model");
  const pixels = Array.from(parityPicture(example.seed, recipe));
  for (let attempt = 0; attempt < mostTries; attempt++) {
    const headers = { "x-request-key": `smoke-${attempt}` };
    const { json } = await client.call("predict", { body: { image: pixels }, headers });
    if (fieldOf(json, "model_version") !== served.version) continue;
    return differenceFault("probabilities", fieldOf(json, "probabilities"), example.probabilities, example.tolerance);
  }
  return `no answer of version ${served.version} in ${mostTries} requests`;
}

function differenceFault(
  what: string,
  received: unknown,
  expected: readonly number[],
  tolerance: number = parityTolerance,
): string | undefined {
  if (!Array.isArray(received) || received.length !== expected.length) {
    return `expected ${expected.length} ${what}; got another answer`;
  }
  const difference = Math.max(...expected.map((value, at) => Math.abs(Number(received[at]) - value)));
  if (difference <= tolerance) return undefined; // NaN is not
  return `expected ${what} within ${Number(tolerance.toPrecision(3))} of the bundle's; got a difference of ${difference.toPrecision(3)}`;
}

type SentRequest = Pick<RequestInit, "method" | "body"> & { readonly headers?: Readonly<Record<string, string>> };

function send({ origin, key, fetch }: CheckedService, path: string, init: SentRequest = {}): Promise<Response> {
  const headers = { ...(key !== undefined && { authorization: `Bearer ${key}` }), ...init.headers };
  return fetch(`${origin}${path}`, { ...init, headers });
}

function fieldOf(value: unknown, name: string): unknown {
  const isObject = typeof value === "object" && value !== null && Object.hasOwn(value, name);
  return isObject ? (value as Readonly<Record<string, unknown>>)[name] : undefined; // an object
}
