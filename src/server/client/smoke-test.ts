/**
 * Calls every route of a running service as its contract says, and holds each answer to the
 * contract.
 */
import { schemaFault } from "../../base/schema/schema-fault.ts";
import { type Contract, contract, routes } from "../contract/contract.ts";
import type { RouteId } from "../contract/endpoints.ts";
import { type ExampleModel, exampleBody, exampleParameter } from "../contract/examples.ts";
import { isBinary, type RouteContract } from "../contract/route.ts";
import { ApiError } from "./api-error.ts";
import type { ApiClient, CallAnswer, CallOptions } from "./client.ts";

export interface SmokeStep {
  readonly route: string;
  /** What was looked at, where it was not the form of the answer. */
  readonly check?: string;
  readonly ok: boolean;
  readonly ms: number;
  /** What was wrong. */
  readonly fault?: string;
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
  const hasSamples = (listed?.json.samples.length ?? 0) > 0;
  for (const { id, scope, follows } of routes) {
    if (id === "model" || scope === "admin" || follows !== undefined || (id === "sample" && !hasSamples)) continue;
    const [, step] = await call(id, exampleCall(id, model.json));
    yield step;
  }
}

/** A call that must succeed: the contract's own example, of its JSON where it takes JSON. */
function exampleCall<Id extends RouteId>(id: Id, model: ExampleModel): CallOptions<Contract[Id]> {
  const { params, body }: RouteContract = contract[id];
  const names = Object.keys(params?.properties ?? {});
  const example = {
    ...(params && { params: Object.fromEntries(names.map((name) => [name, exampleParameter(name, model)])) }),
    ...(body && { body: exampleBody(body["application/json"]) }),
  };
  return example as CallOptions<Contract[Id]>; // a test sends the examples of every route
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
