/**
 * Calls every route of a running service as its contract says, and holds each answer to the
 * contract.
 */
import { schemaFault } from "../../base/schema/schema-fault.ts";
import { type Contract, contract, routes } from "../contract/contract.ts";
import type { RouteId } from "../contract/endpoints.ts";
import { type AnswerOf, isBinary, type RouteContract } from "../contract/route.ts";
import { ApiError } from "./api-error.ts";
import type { ApiClient, CallAnswer, CallOptions } from "./client.ts";

export interface SmokeStep {
  readonly route: string;
  readonly ok: boolean;
  readonly ms: number;
  /** What was wrong. */
  readonly fault?: string;
}

/** What must be known of a service before each of its routes can be called. */
interface Subject {
  readonly model: AnswerOf<Contract["model"]>;
  readonly hasSamples: boolean;
}

/**
 * Calls the public routes one after another. The first, `/model`, says how to call the others: a
 * service that does not answer it, or is something else, fails there. Errors: what `fetch` throws
 * where nobody listens.
 */
export async function* smokeTest(client: ApiClient, now: () => number): AsyncGenerator<SmokeStep, void, undefined> {
  const call = createCaller(client, now);
  const [model, first] = await call("model", {});
  yield first;
  if (model === undefined || !first.ok) return;
  const [listed] = await call("samples", {});
  const subject = { model: model.json, hasSamples: (listed?.json.samples.length ?? 0) > 0 };
  for (const { id, scope } of routes) {
    if (id === "model" || scope === "admin") continue;
    const options = exampleCall(id, subject);
    if (options === undefined) continue;
    const [, step] = await call(id, options);
    yield step;
  }
}

type Examples = { readonly [Id in RouteId]?: (subject: Subject) => CallOptions<Contract[Id]> | undefined };

/** Calls that must succeed, of the routes that need more than their path. */
const examples: Examples = {
  predict: (subject) => ({ body: { image: [pictureFor(subject)] } }),
  explain: (subject) => ({ body: { image: [pictureFor(subject)] } }),
  v2Infer: (subject) => ({ params: named(subject), body: { inputs: [tensorFor(subject)] } }),
  v2InferVersion: (subject) => ({ params: versioned(subject), body: { inputs: [tensorFor(subject)] } }),
  invocations: (subject) => ({ body: { instances: [pictureFor(subject)] } }),
  v2Model: (subject) => ({ params: named(subject) }),
  v2ModelReady: (subject) => ({ params: named(subject) }),
  v2Version: (subject) => ({ params: versioned(subject) }),
  v2VersionReady: (subject) => ({ params: versioned(subject) }),
  sample: ({ hasSamples }) => (hasSamples ? { params: { index: 0 } } : undefined),
};

/** Undefined where the service has nothing to call the route with. */
function exampleCall<Id extends RouteId>(id: Id, subject: Subject): CallOptions<Contract[Id]> | undefined {
  const example: Examples[Id] = examples[id];
  return example === undefined ? {} : example(subject);
}

const named = ({ model: { name } }: Subject) => ({ model: name });
const versioned = ({ model: { name, version } }: Subject) => ({ model: name, version });

/** A grey picture of the model's size. */
function pictureFor({ model }: Subject): number[] {
  const { height, width, channels } = model.recipe;
  return new Array<number>(height * width * channels).fill(128);
}

function tensorFor(subject: Subject) {
  const { height, width, channels } = subject.model.recipe;
  const shape = [1, height, width, channels];
  return { name: "pictures", shape, datatype: "UINT8", data: pictureFor(subject) };
}

function createCaller(client: ApiClient, now: () => number) {
  return async <Id extends RouteId>(
    id: Id,
    options: CallOptions<Contract[Id]>,
  ): Promise<readonly [CallAnswer<Contract[Id]> | undefined, SmokeStep]> => {
    const { method, path }: RouteContract = contract[id];
    const route = `${method} ${path}`;
    const start = now();
    try {
      const answer = await client.call(id, options);
      const fault = faultOf(contract[id], answer);
      return [answer, { route, ok: fault === undefined, ms: now() - start, ...(fault !== undefined && { fault }) }];
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return [undefined, { route, ok: false, ms: now() - start, fault: `${error.status}: ${error.message}` }];
    }
  };
}

/** How an answer breaks its contract. */
function faultOf(
  { answers }: RouteContract,
  { status, headers, json, bytes }: Omit<CallAnswer<RouteContract>, "json"> & { readonly json: unknown },
): string | undefined {
  const answer = answers[status];
  if (answer === undefined) return `status ${status}, which the contract does not know`;
  const type = headers.get("content-type")?.split(";", 1)[0] ?? "";
  const known = Object.entries(answer.content ?? {}).find(
    ([one]) => one === type || (one.endsWith("/*") && type.startsWith(one.slice(0, -1))),
  );
  if (known === undefined) return `content type '${type}', which the contract does not know`;
  const [, part] = known;
  if (isBinary(part)) return bytes.length > 0 ? undefined : "an empty body";
  const fault = schemaFault(part, json);
  return fault && `${fault.path || "the answer"}: expected ${fault.expected}; got ${fault.received}`;
}
