/** Runs the nodes of a plan, each after what it needs, several at a time where asked. */
import { type AppError, toAppError } from "../base/errors.ts";

export type OnFailure = "stop" | "keep-going" | "ignore";

export type Outcome<Result> =
  | { readonly kind: "done"; readonly result: Result }
  | { readonly kind: "failed"; readonly error: AppError }
  /** Not started: what it needs failed, or another node did with `stop`. */
  | { readonly kind: "skipped" };

export interface ScheduleOptions<Node, Result> {
  /** In an order in which each could run after the other. */
  readonly plan: readonly Node[];
  readonly needs: ReadonlyMap<Node, readonly Node[]>;
  readonly jobs: number;
  readonly onFailure: OnFailure;
  run(node: Node): Promise<Result>;
}

/**
 * After a failure with `stop`, what is running is waited for and nothing is started; with
 * `keep-going`, what needs the failed node is skipped; with `ignore`, all runs. Outcomes are in the
 * order of the plan. Errors: INTERRUPTED, once nothing runs any more; errors that are no AppError.
 */
export async function runSchedule<Node, Result>(
  options: ScheduleOptions<Node, Result>,
): Promise<ReadonlyMap<Node, Outcome<Result>>> {
  const { plan, needs, jobs, onFailure, run } = options;
  const outcomes = new Map<Node, Outcome<Result>>();
  const waiting = new Set(plan);
  const running = new Map<Node, Promise<void>>();
  let interruption: AppError | undefined;
  let isStopped = false;

  const neededOf = (node: Node): readonly Node[] => (needs.get(node) ?? []).filter((one) => planned.has(one));
  const planned = new Set(plan);
  const start = (node: Node): void => {
    waiting.delete(node);
    const work = run(node).then(
      (result) => void outcomes.set(node, { kind: "done", result }),
      (cause: unknown) => {
        const error = toAppError(cause);
        outcomes.set(node, { kind: "failed", error });
        if (error.code === "INTERRUPTED") interruption ??= error;
        isStopped ||= onFailure === "stop" || error.code === "INTERRUPTED" || error.code === "INTERNAL";
      },
    );
    running.set(
      node,
      work.finally(() => running.delete(node)),
    );
  };
  const startReady = (): void => {
    for (const node of waiting) {
      if (running.size >= jobs || isStopped) return;
      const needed = neededOf(node);
      if (!needed.every((one) => outcomes.has(one))) continue;
      const isBlocked = onFailure !== "ignore" && needed.some((one) => outcomes.get(one)?.kind !== "done");
      if (!isBlocked) start(node);
      else {
        waiting.delete(node);
        outcomes.set(node, { kind: "skipped" });
      }
    }
  };
  for (startReady(); running.size > 0; startReady()) await Promise.race(running.values());
  if (interruption !== undefined) throw interruption;
  return new Map(plan.map((node) => [node, outcomes.get(node) ?? { kind: "skipped" }]));
}

/** Pieces of work one after the other, in the order in which they are given. */
export function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next;
    return next;
  };
}
