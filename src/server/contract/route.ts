/**
 * What a route is: data from which validation, the OpenAPI document, the typed client and the smoke
 * test are all made.
 */
import type { Static, TObject, TSchema } from "typebox";
import type { ErrorCode } from "../../base/errors.ts";

/**
 * Who may call: everybody, holders of a key with the scope `predict`, or those of `admin` on the
 * admin port.
 */
export type RouteScope = "open" | "predict" | "admin";

/**
 * How an error reads on the wire: Pawprint's own object, the Open Inference Protocol's text, or
 * MLflow's code and message.
 */
export type ErrorForm = "pawprint" | "open-inference" | "mlflow";

/** Bytes that are no JSON: a picture, a form, a page. */
export interface BinaryContent {
  readonly binary: true;
  readonly doc: string;
}

export type Content = Readonly<Record<string, TSchema | BinaryContent>>;

export interface RouteAnswer {
  readonly doc: string;
  /** By media type; none where the answer has no body. */
  readonly content?: Content;
}

export interface RouteContract {
  /** What the OpenAPI document calls `operationId`, and the name of the client's method. */
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** As in OpenAPI: `/v2/models/{model}`. */
  readonly path: string;
  readonly group: RouteGroup;
  readonly summary: string;
  readonly doc?: string;
  readonly scope: RouteScope;
  readonly errorForm: ErrorForm;
  readonly params?: TObject;
  readonly query?: TObject;
  /** By media type; `image/*` stands for all of that kind. */
  readonly body?: Content;
  /** By status. */
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  /**
   * What the route may refuse with, beside what any route may (`openapi.ts`): REQUEST_INVALID,
   * INTERNAL, and where callers are asked who they are, 401, 403 and 429.
   */
  readonly errors: readonly ErrorCode[];
}

export const routeGroups = {
  health: "Is it alive, is it ready",
  prediction: "Pictures in, classes out",
  model: "What serves, and where it comes from",
  "open-inference": "Open Inference Protocol V2 (KServe, Triton, MLServer)",
  mlflow: "MLflow's scoring protocol",
  operation: "Metrics and documents",
  admin: "On the admin port only",
} as const;
export type RouteGroup = keyof typeof routeGroups;

/** Keeps the literal types of a route, from which the client's types follow. */
export function defineRoute<const R extends RouteContract>(route: R): R {
  return route;
}

export function isBinary(content: TSchema | BinaryContent): content is BinaryContent {
  return "binary" in content && content.binary === true;
}

type JsonOf<C> = C extends { readonly "application/json": infer S } ? (S extends TSchema ? Static<S> : never) : never;

/** The type of a route's JSON answer of status 200. */
export type AnswerOf<R extends RouteContract> = R["answers"] extends { readonly 200: { readonly content: infer C } }
  ? JsonOf<C>
  : undefined;

/** The type of a route's JSON body. */
export type BodyOf<R extends RouteContract> = R["body"] extends object ? JsonOf<R["body"]> : undefined;
export type ParamsOf<R extends RouteContract> = R["params"] extends TObject ? Static<R["params"]> : undefined;
export type QueryOf<R extends RouteContract> = R["query"] extends TObject ? Static<R["query"]> : undefined;
