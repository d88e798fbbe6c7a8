/** What the commands about runs have in common: the store of their flags, and how runs are named. */
import type { FindRunOptions } from "../../../tracking/find-run.ts";
import type { Run } from "../../../tracking/run.ts";
import type { RunStore } from "../../../tracking/run-store.ts";
import type { TrackingAccess } from "../../../tracking/tracking-access.ts";
import { findRun } from "../../../wire/runs.ts";
import { openRunStore } from "../../../wire/tracking.ts";
import type { ArgumentSpec, CommandContext, OptionValues } from "../../frame/command.ts";
import { type storeOptions, trackingAccessFor } from "../../tracking-options.ts";

const naming = "an id, its beginning (4 characters or more), a name, or last";

export const runArgument = { name: "run", doc: naming } as const satisfies ArgumentSpec;
export const runsArgument = { name: "runs", doc: `each ${naming}`, variadic: true } as const satisfies ArgumentSpec;

/** Calls `work` with the store of the flags, the environment and `pawprint.yaml`, and closes it. */
export async function withRunStore<T>(
  context: Pick<CommandContext, "cwd" | "env">,
  options: Partial<OptionValues<typeof storeOptions>>,
  work: (store: RunStore, access: TrackingAccess) => Promise<T>,
): Promise<T> {
  const access = await trackingAccessFor(context, options);
  const store = await openRunStore(access);
  try {
    return await work(store, access);
  } finally {
    await store.close();
  }
}

/** The run of each reference, in their order, each once. Errors: those of `findRun`. */
export async function findRuns(
  store: RunStore,
  references: readonly string[],
  options?: FindRunOptions,
): Promise<readonly Run[]> {
  const runs = new Map<string, Run>();
  for (const reference of references) {
    const run = await findRun(store, reference, options);
    runs.set(run.id, run);
  }
  return [...runs.values()];
}
