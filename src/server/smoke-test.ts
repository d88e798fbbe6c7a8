/**
 * Calls every route of a running service as its contract says, and holds each answer to the
 * contract.
 */
import type { TSchema } from "typebox";
import { AppError } from "../base/errors.ts";
import { schemaFault } from "../base/schema/schema-fault.ts";
import { type ApiClient, ApiError, type CallAnswer, type CallOptions } from "./client.ts";
import { type RouteId, routes } from "./contract/contract.ts";
import { isBinary, type RouteContract } from "./contract/route.ts";

export interface SmokeStep {
  readonly route: string;
  readonly ok: boolean;
  readonly ms: number;
  /** What was wrong. */
  readonly fault?: string;
}

/** What must be known of a service before each of its routes can be called. */
interface Subject {
  readonly name: string;
  readonly version: string;
  readonly recipe: { readonly height: number; readonly width: number; readonly channels: number };
  readonly hasSamples: boolean;
}

/**
 * Calls the public routes one after another. The first, `/model`, says how to call the others: a
 * service that does not answer it, or is something else, fails there. Errors: what `fetch` throws
 * where nobody listens.
 */
export async function* smokeTest(client: ApiClient, now: () => number): AsyncGenerator<SmokeStep, void, undefined> {
  const [model, first] = await callRoute(client, routeById("model"), {}, now);
  yield first;
  if (model === undefined || !first.ok) return;
  const [listed] = await callRoute(client, routeById("samples"), {}, now);
  const subject = subjectFrom(model.json, listed?.json);
  for (const route of routes) {
    if (route.id === "model" || route.scope === "admin") continue;
    const options = exampleCall(route.id as RouteId, subject);
    if (options === undefined) continue;
    const [, step] = await callRoute(client, route, options, now);
    yield step;
  }
}

/** A call that must succeed; undefined where the service has nothing to call the route with. */
function exampleCall(id: RouteId, { name, version, recipe, hasSamples }: Subject): CallOptions | undefined {
  const { height, width, channels } = recipe;
  const size = height * width * channels;
  const picture = new Array<number>(size).fill(128);
  const tensor = { name: "pictures", shape: [1, height, width, channels], datatype: "UINT8", data: picture };
  const json = (body: object): CallOptions => ({ body: body as never }); // each body is what its route's schema asks for
  const params = (values: object): CallOptions => ({ params: values as never });
  switch (id) {
    case "predict":
    case "explain":
      return json({ image: [picture] });
    case "v2Infer":
      return { ...params({ model: name }), ...json({ inputs: [tensor] }) };
    case "v2InferVersion":
      return { ...params({ model: name, version }), ...json({ inputs: [tensor] }) };
    case "invocations":
      return json({ instances: [picture] });
    case "v2Model":
    case "v2ModelReady":
      return params({ model: name });
    case "v2Version":
    case "v2VersionReady":
      return params({ model: name, version });
    case "sample":
      return hasSamples ? params({ index: 0 }) : undefined;
    default:
      return {};
  }
}

async function callRoute(
  client: ApiClient,
  route: RouteContract,
  options: CallOptions,
  now: () => number,
): Promise<readonly [CallAnswer | undefined, SmokeStep]> {
  const name = `${route.method} ${route.path}`;
  const start = now();
  try {
    const answer = await client.call(route.id as RouteId, options as never);
    const fault = faultOf(route, answer);
    return [answer, { route: name, ok: fault === undefined, ms: now() - start, ...(fault !== undefined && { fault }) }];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return [undefined, { route: name, ok: false, ms: now() - start, fault: `${error.status}: ${error.message}` }];
  }
}

/** How an answer breaks its contract. */
function faultOf({ answers }: RouteContract, { status, headers, json, bytes }: CallAnswer): string | undefined {
  const answer = answers[status];
  if (answer === undefined) return `status ${status}, which the contract does not know`;
  const type = headers.get("content-type")?.split(";", 1)[0] ?? "";
  const content = answer.content ?? {};
  const known = Object.keys(content).find(
    (one) => one === type || (one.endsWith("/*") && type.startsWith(one.slice(0, -1))),
  );
  if (known === undefined) return `content type '${type}', which the contract does not know`;
  const schema: TSchema | { readonly binary: true } = content[known]!;
  if (isBinary(schema as never)) return bytes.length > 0 ? undefined : "an empty body";
  const fault = schemaFault(schema as TSchema, json);
  return fault && `${fault.path || "the answer"}: expected ${fault.expected}; got ${fault.received}`;
}

function subjectFrom(model: unknown, samples: unknown): Subject {
  const { name, version, recipe } = model as Omit<Subject, "hasSamples">; // held to the contract by the first step
  const list = (samples as { readonly samples?: readonly unknown[] } | undefined)?.samples ?? [];
  return { name, version, recipe, hasSamples: list.length > 0 };
}

function routeById(id: RouteId): RouteContract {
  const route = routes.find((one) => one.id === id);
  if (route) return route;
  throw new AppError("INTERNAL", { required: "a route of the contract", received: id });
}
