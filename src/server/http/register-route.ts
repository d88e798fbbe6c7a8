/**
 * Joins a contract's route to its handler: path, validation, limits, and the form of its errors.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteGenericInterface } from "fastify";
import type { TSchema } from "typebox";
import { AppError, toAppError } from "../../base/errors.ts";
import {
  type AnswerBodyOf,
  type BodyOf,
  type ParamsOf,
  type QueryOf,
  type RouteContract,
  takesPictures,
} from "../contract/route.ts";
import { parseJson, requireJsonBody } from "../input/parse-json.ts";
import { acceptedCodings, contentCodingOf } from "./content-encoding.ts";
import { isLargeJson, jsonInTurns } from "./json-in-turns.ts";
import type { RequestContext } from "./request-context.ts";
import { compileCheck } from "./validate.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Made as the first thing of every request. */
    context: RequestContext;
  }
  interface FastifyContextConfig {
    /** The contract that the route was made from. */
    contract?: RouteContract;
  }
}

/**
 * The bytes where pictures are taken, since those may be large (`input/body-reading.ts`); else JSON,
 * checked against the contract.
 */
type HandledBodyOf<R extends RouteContract> = R extends { readonly scope: "predict"; readonly hasNoPictures?: never }
  ? Uint8Array | undefined
  : BodyOf<R> | (R["bodyIsOptional"] extends true ? undefined : never);

interface RouteTypes<R extends RouteContract> extends RouteGenericInterface {
  readonly Params: ParamsOf<R>;
  readonly Querystring: QueryOf<R>;
  readonly Body: HandledBodyOf<R>;
}

/** `params`, `query` and `body` were checked against the contract. */
export type RouteRequest<R extends RouteContract> = FastifyRequest<RouteTypes<R>>;

/**
 * What it returns is the body of the answer, with status 200 unless it sets another one on `reply`.
 */
export type Handler<R extends RouteContract> = (
  request: RouteRequest<R>,
  reply: FastifyReply,
) => Promise<AnswerBodyOf<R>> | AnswerBodyOf<R>;

/** One handler for each route of a table; a missing one does not compile. */
export type Handlers<Table extends Readonly<Record<keyof Table, RouteContract>>> = {
  readonly [Id in keyof Table]: Handler<Table[Id]>;
};

/** Registers one route. */
export function registerRoute<R extends RouteContract>(app: FastifyInstance, route: R, handler: Handler<R>): void {
  const { method, path, params, query, body, bodyIsOptional = false, bodyLimitBytes }: RouteContract = route;
  const types = Object.keys(body ?? {});
  const json = takesPictures(route) ? undefined : body?.["application/json"];
  app.route<RouteTypes<R>>({
    method,
    url: path.replace(/\{(\w+)\}/g, ":$1"),
    config: { contract: route },
    ...(bodyLimitBytes !== undefined && { bodyLimit: bodyLimitBytes }),
    schema: { ...(params && { params }), ...(query && { querystring: query }) },
    ...(body && {
      preParsing: ({ headers }, reply, _payload, done) =>
        done(mediaTypeFault(headers["content-type"], types) ?? codingFault(headers["content-encoding"], reply)),
    }),
    handler: json === undefined ? answerInTurns(handler) : withJsonBody(json, bodyIsOptional, handler),
  });
}

/** Writes a large answer piece by piece. */
function answerInTurns<R extends RouteContract>(handler: Handler<R>) {
  return async (request: RouteRequest<R>, reply: FastifyReply): Promise<AnswerBodyOf<R> | Buffer> => {
    const answer = await handler(request, reply);
    if (!isLargeJson(answer)) return answer;
    reply.type("application/json");
    return jsonInTurns(answer);
  };
}

/** Reads the body before the handler sees it. Errors: REQUEST_INVALID. */
function withJsonBody<R extends RouteContract>(schema: TSchema, isOptional: boolean, handler: Handler<R>): Handler<R> {
  const check = compileCheck(schema, "body");
  return (request, reply) => {
    const { body } = request;
    if (isOptional && (!(body instanceof Uint8Array) || body.length === 0)) {
      request.body = undefined as HandledBodyOf<R>; // the type holds it where the body is optional
      return handler(request, reply);
    }
    request.body = check(parseJson(requireJsonBody(body))) as HandledBodyOf<R>; // the schema is the route's own
    return handler(request, reply);
  };
}

/** MEDIA_TYPE_UNSUPPORTED where the contract does not know the body's type. */
function mediaTypeFault(header: string | undefined, takes: readonly string[]): AppError | undefined {
  const type = header?.split(";", 1)[0]?.trim().toLowerCase();
  const isTaken = (one: string): boolean => one === type || (one === "image/*" && type?.startsWith("image/") === true);
  // Without a type there is no body, or none that could be read: reading it says what is missing.
  if (type === undefined || takes.some(isTaken)) return undefined;
  return new AppError("MEDIA_TYPE_UNSUPPORTED", {
    required: `one of ${takes.join(", ")}`,
    received: JSON.stringify(type.slice(0, 80)),
    where: "content-type",
    ...(type === "application/x-www-form-urlencoded" && {
      hint: `with curl name the type: -H 'content-type: ${takes.includes("image/*") ? "image/jpeg" : takes[0]}'`,
    }),
  });
}

/** MEDIA_TYPE_UNSUPPORTED where the body is compressed in a way that is not taken. */
function codingFault(header: string | undefined, reply: FastifyReply): AppError | undefined {
  try {
    contentCodingOf(header);
    return undefined;
  } catch (error) {
    reply.header("accept-encoding", acceptedCodings);
    return toAppError(error);
  }
}
