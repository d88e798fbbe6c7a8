/**
 * What a route is: data from which validation, the OpenAPI document, the handlers' types, the typed
 * client and the smoke test are all made.
 */
import type { Static, TObject, TSchema } from "typebox";
import type { ErrorCode } from "../../base/errors.ts";
import type { DeepReadonly } from "../../base/freeze.ts";
import { type Endpoints, endpoints, type RouteId } from "./endpoints.ts";

/**
 * Who may call: everybody, holders of a key with the scope `predict`, or those of `admin` on the
 * admin port.
 */
export type RouteScope = "open" | "predict" | "admin";

/**
 * The form of an error on the wire: Pawprint's own object, the Open Inference Protocol's text, or
 * MLflow's code and message.
 */
export type ErrorForm = "pawprint" | "open-inference" | "mlflow";

/** Bytes that are not JSON: a picture, a form, a page. */
export interface BinaryContent {
  readonly binary: true;
  readonly doc: string;
  /** Of a request's body; of a form, the file in it. JSON has its examples in its schema. */
  readonly example?: ExampleFile;
}

export interface ExampleFile {
  readonly mediaType: string;
  readonly base64: string;
}

export type Content = Readonly<Record<string, TSchema | BinaryContent>>;

export interface RouteAnswer {
  readonly doc: string;
  /** By media type; none where the answer has no body. */
  readonly content?: Content;
}

/** What a group's file says of a route. */
interface RouteFacts {
  readonly group: RouteGroup;
  readonly summary: string;
  readonly doc?: string;
  readonly scope: RouteScope;
  readonly errorForm: ErrorForm;
  /** Callers with the scope `predict`, but without pictures: short JSON, and no place in the queue. */
  readonly hasNoPictures?: true;
  /** The route whose answer it is called with: its example alone is answered by an error. */
  readonly follows?: RouteId;
  readonly params?: TObject;
  readonly query?: TObject;
  /** By media type; `image/*` stands for all of that kind. */
  readonly body?: Content;
  /** True where a request without a body is as good as one with an empty object. */
  readonly bodyIsOptional?: boolean;
  /** The largest body in bytes, as sent and as unpacked; that of the service unless given. */
  readonly bodyLimitBytes?: number;
  /** By status. */
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  /**
   * The errors of this route, beside those that any route may answer (`openapi.ts`):
   * REQUEST_INVALID, INTERNAL, and where callers are identified, 401, 403 and 429.
   */
  readonly errors?: readonly ErrorCode[];
}

/** Whether a route's work is that of the model: its bodies may be large, and it waits in the queue. */
export function takesPictures({ scope, hasNoPictures }: Pick<RouteContract, "scope" | "hasNoPictures">): boolean {
  return scope === "predict" && hasNoPictures !== true;
}

/** The largest body that a route takes, in bytes, where the service takes `serviceLimit`. */
export function bodyLimitOf(contract: Pick<RouteContract, "bodyLimitBytes"> | undefined, serviceLimit: number): number {
  return Math.min(contract?.bodyLimitBytes ?? serviceLimit, serviceLimit);
}

export interface RouteContract extends RouteFacts {
  /** The `operationId` of the OpenAPI document, and the route's name in the client. */
  readonly id: RouteId;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
}

export const routeGroups = {
  health: "Liveness and readiness",
  prediction: "Predictions and heat maps",
  model: "The served model, its lineage and its versions",
  "open-inference": "Open Inference Protocol V2 (KServe, Triton, MLServer)",
  triton: "Triton's extensions of that protocol",
  mlflow: "MLflow's scoring protocol",
  operation: "Metrics and the API document",
  admin: "Administration, on the admin port only",
} as const;
export type RouteGroup = keyof typeof routeGroups;

type Rows<Shared> = { readonly [Id in RouteId]?: Omit<RouteFacts, keyof Shared> };
type RoutesOf<Shared, Table> = {
  readonly [Id in keyof Table & RouteId]: Shared & Table[Id] & Endpoints[Id] & { readonly id: Id };
};

/**
 * The routes of a group: each row with what all rows share, its id, method and path. Keeps the
 * literal types, from which the types of handlers and client follow.
 */
export function defineRoutes<const Shared extends Partial<RouteFacts>, const Table extends Rows<Shared>>(
  shared: Shared,
  table: Table,
): RoutesOf<Shared, Table> {
  const rows: Rows<Shared> = table;
  const routes: Partial<Record<RouteId, object>> = {};
  for (const id of Object.keys(rows) as RouteId[]) routes[id] = { ...shared, ...rows[id], ...endpoints[id], id }; // no other keys
  return routes as RoutesOf<Shared, Table>; // the loop joins for each row what the type joins
}

export function isBinary(content: TSchema | BinaryContent): content is BinaryContent {
  return "binary" in content && content.binary === true;
}

type JsonOf<C> = C extends { readonly "application/json": infer S extends TSchema } ? Static<S> : never;
type ContentOf<A> = A extends { readonly content: infer C } ? C : never;
type BodyPayload<Part> = Part extends BinaryContent
  ? Uint8Array | string
  : Part extends TSchema
    ? DeepReadonly<Static<Part>>
    : never;
type AnyPart<C> = C extends unknown ? C[keyof C] : never;

/** The type of a route's JSON answer of status 200. */
export type AnswerOf<R extends RouteContract> = R["answers"] extends { readonly 200: infer A }
  ? DeepReadonly<JsonOf<ContentOf<A>>>
  : undefined;

/**
 * What a route's handler may answer with: a body of any of the route's statuses and media types.
 */
export type AnswerBodyOf<R extends RouteContract> = BodyPayload<AnyPart<ContentOf<R["answers"][keyof R["answers"]]>>>;

/** The type of a route's JSON body. */
export type BodyOf<R extends RouteContract> = R["body"] extends object ? JsonOf<R["body"]> : undefined;
export type ParamsOf<R extends RouteContract> = R["params"] extends TObject ? Static<R["params"]> : undefined;
export type QueryOf<R extends RouteContract> = R["query"] extends TObject ? Static<R["query"]> : undefined;
