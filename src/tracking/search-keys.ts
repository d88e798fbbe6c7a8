/** The keys that a filter and an order name. */
import { isAppError } from "../base/errors.ts";
import type { Identifier } from "./search/identifier.ts";
import { parseRunFilter } from "./search/run-filter.ts";
import { parseRunOrder } from "./search/run-order.ts";

export interface SearchKeys {
  readonly metrics: readonly string[];
  readonly params: readonly string[];
  readonly tags: readonly string[];
}

/** In their order, each once; none of what cannot be read here: a server may know more than MLflow 3.17. */
export function searchKeys({
  filter,
  orderBy = [],
}: {
  readonly filter?: string;
  readonly orderBy?: readonly string[];
}): SearchKeys {
  const named = [
    ...orNone(() => parseRunFilter(filter).map(({ on }) => on)),
    ...orNone(() => parseRunOrder(orderBy).map(({ on }) => on)),
  ];
  const keysOf = (entity: Identifier["entity"]): readonly string[] => [
    ...new Set(named.filter((on) => on.entity === entity).map(({ key }) => key)),
  ];
  return { metrics: keysOf("metric"), params: keysOf("parameter"), tags: keysOf("tag") };
}

function orNone(read: () => readonly Identifier[]): readonly Identifier[] {
  try {
    return read();
  } catch (error) {
    if (isAppError(error, "FILTER_INVALID")) return [];
    throw error;
  }
}
