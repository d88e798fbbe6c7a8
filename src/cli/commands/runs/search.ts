/** `pawprint runs search`: runs by MLflow's filter language. */
import { searchKeys } from "../../../tracking/search-keys.ts";
import { listRuns } from "../../../wire/runs.ts";
import { defineCommand } from "../../frame/command.ts";
import { storeOptions } from "../../tracking-options.ts";
import { lifecycleOf, listOptions, listReport } from "./run-list.ts";
import { withRunStore } from "./run-options.ts";

export const command = defineCommand({
  description: `The filter is that of MLflow: comparisons of metrics, params, tags and attributes, joined by and. Texts stand in quotes, and keys with
blanks or other special characters in backticks. The table also has what the filter and the order name.`,
  arguments: [{ name: "filter", doc: "such as metrics.val_accuracy > 0.9 and params.optimizer = 'adamw'" }],
  options: [
    ...listOptions,
    {
      name: "orderBy",
      type: "string",
      placeholder: "CLAUSE",
      repeatable: true,
      doc: "such as metrics.val_loss ASC; the newest first unless given",
    },
    ...storeOptions,
  ],
  examples: [
    { line: "pawprint runs search attributes.status='RUNNING'", doc: "what is running now" },
    { line: "pawprint runs search metrics.val_accuracy>0.9 --json", doc: "the good ones, for a program" },
  ],
  async run(context, { filter }, { experiment, limit, orderBy, all, deleted, ...options }) {
    return withRunStore(context, options, async (store) => {
      const { metrics, params, tags } = searchKeys({ filter, orderBy });
      const listed = await listRuns(store, {
        ...(experiment !== undefined && { experiment }),
        ...(orderBy.length > 0 && { orderBy }),
        moreMetrics: metrics,
        filter,
        params,
        tags,
        lifecycle: lifecycleOf({ all, deleted }),
        limit,
      });
      return listReport(context, store, listed, { params, tags, nothing: "no run fits the filter" });
    });
  },
});
