/** Which nodes of a graph are visited, and in which order: DVC's, since it decides the order of `dvc.lock`. */

/** Stages and `.dvc` files, and what each needs, both in the order in which they are written. */
export interface PlanGraph<Node> {
  readonly nodes: readonly Node[];
  readonly needs: ReadonlyMap<Node, readonly Node[]>;
}

export interface PlanOptions {
  /** The targets and what depends on them, instead of what they depend on. */
  readonly downstream?: boolean | undefined;
  /** All that is connected with the targets. */
  readonly pipeline?: boolean | undefined;
  /** The targets alone. */
  readonly singleItem?: boolean | undefined;
}

/** Each node after all that it needs, as a depth-first walk in the order of the files leaves them. */
export function planRepro<Node>(
  graph: PlanGraph<Node>,
  targets: readonly Node[],
  { downstream = false, pipeline = false, singleItem = false }: PlanOptions = {},
): readonly Node[] {
  if (singleItem && !pipeline) return [...new Set(targets)];
  const chosen = pipeline
    ? reachable(targets, bothWays(graph))
    : reachable(targets, downstream ? reversed(graph) : graph.needs);
  const order = new Set<Node>();
  const visit = (start: Node): void => {
    // Without recursion: a chain may be longer than the stack is deep.
    const path: { node: Node; next: Iterator<Node> }[] = [];
    const enter = (node: Node): void => {
      if (!chosen.has(node) || seen.has(node)) return;
      seen.add(node);
      path.push({ node, next: (graph.needs.get(node) ?? [])[Symbol.iterator]() });
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const step = top.next.next();
      if (!step.done) enter(step.value);
      else {
        order.add(top.node);
        path.pop();
      }
    }
  };
  const seen = new Set<Node>();
  for (const node of graph.nodes) visit(node);
  return [...order];
}

/** Every node that one of `starts` leads to, `starts` included. */
export function reachable<Node>(starts: Iterable<Node>, edges: ReadonlyMap<Node, readonly Node[]>): ReadonlySet<Node> {
  const found = new Set(starts);
  // A set goes on to what is added while it is walked.
  for (const node of found) for (const next of edges.get(node) ?? []) found.add(next);
  return found;
}

/** By node, what needs it. */
export function reversed<Node>({ nodes, needs }: PlanGraph<Node>): ReadonlyMap<Node, readonly Node[]> {
  const users = new Map<Node, Node[]>(nodes.map((node) => [node, []]));
  for (const node of nodes) for (const needed of needs.get(node) ?? []) users.get(needed)?.push(node);
  return users;
}

function bothWays<Node>(graph: PlanGraph<Node>): ReadonlyMap<Node, readonly Node[]> {
  const users = reversed(graph);
  return new Map(graph.nodes.map((node) => [node, [...(graph.needs.get(node) ?? []), ...(users.get(node) ?? [])]]));
}
