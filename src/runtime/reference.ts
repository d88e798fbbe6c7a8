/**
 * The reference executor: plain float64 TypeScript, slow and exact. Tests compare the other
 * executors with it.
 */
import { AppError } from "../base/errors.ts";
import { evaluateReference } from "../graph/reference-evaluation.ts";
import { fromReference, toReference } from "../graph/reference-tensor.ts";
import { checkFeeds } from "./check-feeds.ts";
import { type Executor, signatureOf } from "./executor.ts";

/** An executor that computes in float64 and rounds only what goes in and comes out. */
export function createReferenceExecutor(): Executor<"serial"> {
  return {
    name: "reference",
    runs: "serial",
    async load(graph) {
      const signature = signatureOf(graph);
      let closed = false;
      return {
        async run(feeds, into = {}) {
          if (closed) {
            throw new AppError("EXECUTION_FAILED", {
              required: "an open program",
              received: "a closed one",
              where: `graph '${graph.name}'`,
            });
          }
          checkFeeds(signature, feeds, into);
          const inputs = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toReference(tensor)]));
          const outputs = Object.entries(evaluateReference(graph, inputs)).map(([name, tensor]) => {
            const buffer = into[name];
            const rounded = fromReference(tensor, buffer?.data);
            return [name, buffer ?? rounded] as const;
          });
          return Object.fromEntries(outputs);
        },
        async close() {
          closed = true;
        },
      };
    },
  };
}
