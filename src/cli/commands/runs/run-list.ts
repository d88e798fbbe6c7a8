/** What list and search print. */
import { visibleText } from "../../../base/visible-text.ts";
import type { ListedRuns } from "../../../tracking/list-runs.ts";
import type { RunStore } from "../../../tracking/run-store.ts";
import type { CommandContext, CommandReport, OptionSpec } from "../../frame/command.ts";
import { faultLines, type RunTableOptions, runTable } from "../../text/run-table.ts";
import { jsonRun } from "../../text/run-values.ts";

export const listOptions = [
  { name: "experiment", type: "string", placeholder: "NAME", doc: "the runs of this experiment alone" },
  { name: "all", type: "boolean", doc: "deleted runs, too" },
  { name: "deleted", type: "boolean", doc: "deleted runs alone" },
  { name: "limit", type: "integer", min: 1, max: 1_000_000, default: 50, doc: "how many at most" },
] as const satisfies readonly OptionSpec[];

export function lifecycleOf({ all, deleted }: { readonly all: boolean; readonly deleted: boolean }) {
  return deleted ? "deleted" : all ? "all" : "active";
}

/** Folders that are no runs are warnings. `nothing` says that there is no run, before the place. */
export function listReport(
  context: CommandContext,
  { location }: RunStore,
  listed: ListedRuns,
  { nothing = "no runs", ...columns }: RunTableOptions & { readonly nothing?: string } = {},
): CommandReport {
  const { runs, experiments, faults, hasMore } = listed;
  for (const line of faultLines(faults)) context.logger.warn(line);
  return {
    result: {
      store: location,
      runs: runs.map((run) => ({
        ...jsonRun(run, experiments.get(run.experimentId)),
        ...(columns.registered && { registeredAs: columns.registered.get(run.id) ?? [] }),
      })),
      hasMore,
      faults,
    },
    text: runs.length === 0 ? `${nothing} in ${visibleText(location)}` : runTable(listed, context, columns),
    quietText: runs.map(({ id }) => `${id}\n`).join(""),
  };
}
