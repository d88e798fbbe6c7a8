/** `pawprint runs list`: the runs of a folder or an MLflow server. */
import { isAppError } from "../../../base/errors.ts";
import type { Logger } from "../../../base/logger.ts";
import { visibleText } from "../../../base/visible-text.ts";
import type { TrackingAccess } from "../../../tracking/tracking-access.ts";
import { registeredRuns } from "../../../wire/registered-runs.ts";
import { listRuns } from "../../../wire/runs.ts";
import { openModelRegistry } from "../../../wire/tracking.ts";
import { defineCommand } from "../../frame/command.ts";
import { storeOptions } from "../../tracking-options.ts";
import { lifecycleOf, listOptions, listReport } from "./run-list.ts";
import { withRunStore } from "./run-options.ts";
import { isMetricOrder, orderOf } from "./run-order.ts";

export const command = defineCommand({
  description: `Runs that are part of another one, such as the trials of a sweep, stand below it. Of each metric the value of the highest step is shown, the best one
in green.`,
  arguments: [],
  options: [
    ...listOptions,
    {
      name: "sort",
      type: "string",
      placeholder: "KEY",
      doc: "a metric (the best first), started, ended, name or status",
    },
    { name: "reverse", type: "boolean", doc: "with --sort: the other way round" },
    {
      name: "metric",
      type: "string",
      placeholder: "KEY",
      repeatable: true,
      doc: "metrics to show, in place of the usual ones",
    },
    ...storeOptions,
  ],
  examples: [
    { line: "pawprint runs list", doc: "the newest runs" },
    { line: "pawprint runs list --experiment pets --sort val_accuracy", doc: "the best of an experiment" },
    { line: "pawprint runs list --tracking-uri http://localhost:5000 --json", doc: "those of a server, for a program" },
  ],
  async run(context, _args, { experiment, limit, sort, reverse, metric, all, deleted, ...options }) {
    const sortMetric = sort !== undefined && isMetricOrder(sort) ? sort : undefined;
    return withRunStore(context, options, async (store, access) => {
      const listed = await listRuns(store, {
        ...(experiment !== undefined && { experiment }),
        ...(sort !== undefined && { orderBy: [orderOf(sort, reverse)] }),
        ...(metric.length > 0 && { metrics: metric }),
        ...(sortMetric !== undefined && { moreMetrics: [sortMetric] }),
        lifecycle: lifecycleOf({ all, deleted }),
        limit,
      });
      if (
        sortMetric !== undefined &&
        listed.runs.length > 0 &&
        !listed.runs.some(({ metrics }) => metrics.has(sortMetric))
      )
        context.logger.warn(`no run here has the metric ${visibleText(sortMetric)}: they are not sorted by it`);
      const registered = await aliasesOf(access, context.logger);
      return listReport(context, store, listed, { registered });
    });
  },
});

/** A list of runs needs no registry: where there is none, its column is missing. */
async function aliasesOf(access: TrackingAccess, logger: Logger): Promise<ReadonlyMap<string, readonly string[]>> {
  const registry = await openModelRegistry(access);
  try {
    return await registeredRuns(registry);
  } catch (error) {
    if (!isAppError(error)) throw error;
    logger.debug(`the registry cannot be read: ${error.message}`);
    return new Map();
  } finally {
    await registry.close();
  }
}
