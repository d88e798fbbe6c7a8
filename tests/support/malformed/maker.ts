/** What makers of malformed requests share. */
import type { Random } from "../../../src/base/random.ts";
import type { Recipe } from "../../../src/image/recipe.ts";
import type { RawRequest } from "./request.ts";

export interface MalformedOptions {
  /** Of the service's model. */
  readonly recipe: Recipe;
  readonly modelName: string;
  /** Whole picture files. */
  readonly pictures: readonly Buffer[];
  /** The largest body that the service takes. */
  readonly bodyBytes: number;
}

/** Makes one kind of malformed request; the same random numbers give the same request. */
export type Maker = (random: Random, options: MalformedOptions) => RawRequest;

export const json = { "content-type": "application/json" };
export const pictureRoutes = ["/predict", "/explain", "/predict?top_k=3", "/explain?class=1"];
export const jsonRoutes = ["/predict", "/explain", "/invocations", "/v2/models/MODEL/infer"];

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.integer(items.length)]!;
}

export function routeFor(random: Random, modelName: string): string {
  return pick(random, jsonRoutes).replace("MODEL", modelName);
}
