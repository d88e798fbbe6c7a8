/** MLflow's error answers, with the words of the real server. */

/** What a route takes: the query or the JSON body. */
export type Input = Readonly<Record<string, unknown>>;

export class Refusal extends Error {
  readonly status: number;
  readonly errorCode: string;

  constructor(errorCode: string, message: string) {
    super(message);
    this.errorCode = errorCode;
    this.status = errorCode === "RESOURCE_DOES_NOT_EXIST" ? 404 : 400;
  }
}

export const invalidValue = (message: string): Refusal => new Refusal("INVALID_PARAMETER_VALUE", message);
export const doesNotExist = (message: string): Refusal => new Refusal("RESOURCE_DOES_NOT_EXIST", message);

/** A text that the route must have. */
export function required(input: Input, name: string): string {
  const value = input[name];
  if (typeof value === "string" && value !== "") return value;
  throw invalidValue(
    `Missing value for required parameter '${name}'. See the API docs for more information about request parameters.`,
  );
}

export function optional(input: Input, name: string): string | undefined {
  const value = input[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A list of objects; none where it is left out. */
export function list(input: Input, name: string): readonly Input[] {
  const value = input[name];
  return Array.isArray(value) ? value : [];
}

export function pairs(input: Input, name: string): [string, string][] {
  return list(input, name).map((entry) => [String(entry.key), String(entry.value ?? "")]);
}

export function jsonPairs(map: ReadonlyMap<string, string>): { key: string; value: string }[] | undefined {
  // As protobuf's JSON: an empty list is left out.
  return map.size === 0 ? undefined : [...map].map(([key, value]) => ({ key, value }));
}

/** A page of a list, by MLflow's tokens. */
export function pageOf<T>(items: readonly T[], input: Input, usual: number): { page: T[]; next_page_token?: string } {
  const token = optional(input, "page_token");
  const offset = token === undefined ? 0 : Number(JSON.parse(Buffer.from(token, "base64").toString()).offset);
  const limit = Number(input.max_results ?? usual);
  const end = offset + limit;
  const page = items.slice(offset, end);
  if (end >= items.length) return { page };
  return { page, next_page_token: Buffer.from(JSON.stringify({ offset: end })).toString("base64") };
}
