/** The keys that clauses of MLflow's search language name. */

export interface SearchKeys {
  readonly metrics: readonly string[];
  readonly params: readonly string[];
  readonly tags: readonly string[];
}

const kinds: Readonly<Record<string, keyof SearchKeys>> = {
  metric: "metrics",
  metrics: "metrics",
  param: "params",
  params: "params",
  parameter: "params",
  parameters: "params",
  tag: "tags",
  tags: "tags",
};

/** In their order, each once; of what is no clause there are none. */
export function searchKeys(clauses: readonly string[]): SearchKeys {
  const found = { metrics: new Set<string>(), params: new Set<string>(), tags: new Set<string>() };
  for (const clause of clauses) {
    // Texts are passed over: they may hold anything.
    for (const [, kind, bare, quoted] of clause.matchAll(
      /'[^']*'|(?<!\.)"[^"]*"|\b([a-z]+)\.(?:([\w/.-]+)|(`[^`]*`|"[^"]*"))/gi,
    )) {
      const of = kinds[kind?.toLowerCase() ?? ""];
      if (of !== undefined) found[of].add(bare ?? quoted!.slice(1, -1));
    }
  }
  return { metrics: [...found.metrics], params: [...found.params], tags: [...found.tags] };
}
