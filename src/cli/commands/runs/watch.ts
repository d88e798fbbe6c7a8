/** `pawprint runs watch`: follows a running training from another terminal. */
import { visibleJson, visibleText } from "../../../base/visible-text.ts";
import type { Run } from "../../../tracking/run.ts";
import type { RunStore } from "../../../tracking/run-store.ts";
import type { RunProgress } from "../../../tracking/watch-run.ts";
import { findRun, watchRun } from "../../../wire/runs.ts";
import { type CommandContext, defineCommand } from "../../frame/command.ts";
import { jsonProgress, progressNote, progressText } from "../../text/run-progress.ts";
import { durationText, statusText } from "../../text/run-values.ts";
import { storeOptions } from "../../tracking-options.ts";
import { runArgument, withRunStore } from "./run-options.ts";

export const command = defineCommand({
  description: `Ends when the run ends: with exit code 0 where it finished, and 1 where it failed or was killed. On a terminal as a bar, else as a line for
each change; with --json, as a JSON line for each.`,
  arguments: [{ ...runArgument, optional: true }],
  options: [
    { name: "intervalMs", type: "integer", min: 100, max: 600_000, default: 2000, doc: "time between two looks" },
    ...storeOptions,
  ],
  examples: [
    { line: "pawprint runs watch", doc: "the run that started last of those that are running" },
    { line: "pawprint runs watch 3f8ef1c0 --json", doc: "one run, for a program" },
  ],
  async run(context, { run: reference }, { intervalMs, ...options }) {
    return withRunStore(context, options, async (store) => {
      const { id } = reference === undefined ? await runningRun(store) : await findRun(store, reference);
      const { signal, now, logger } = context;
      const show = context.isTTY && !context.json ? barOf(context) : linesOf(context);
      const onAway = (error: Error): void => logger.warn(`the runs cannot be read at the moment: ${error.message}`);
      let last: RunProgress | undefined;
      try {
        for await (last of watchRun(store, id, { intervalMs, signal, now, onAway })) show.update(last);
      } finally {
        show.close();
      }
      const { run } = last!; // the first look yields
      return {
        result: jsonProgress(last!),
        text: `${visibleText(run.name)} ${statusText(run, context.style)} after ${durationText(run, now())}: ${progressNote(last!)}`,
        quietText: run.status.toLowerCase(),
        exitCode: run.status === "FINISHED" ? 0 : 1,
      };
    });
  },
});

interface Shown {
  update(progress: RunProgress): void;
  close(): void;
}

/** Epochs from the first look on, so that their rate is true. */
function barOf({ progress: port }: CommandContext): Shown {
  let bar: { readonly advance: (to: RunProgress) => void; readonly close: () => void } | undefined;
  return {
    update(progress) {
      if (!progress.hasEnded) bar ??= openBar(port, progress);
      bar?.advance(progress);
    },
    close: () => bar?.close(),
  };
}

function openBar(port: CommandContext["progress"], { run, epoch = 0, epochs }: RunProgress) {
  let shown = epoch;
  const handle = port.start({
    label: epoch === 0 ? run.name : `${run.name} from epoch ${epoch + 1}`,
    unit: "epochs",
    ...(epochs !== undefined && epochs > epoch && { total: epochs - epoch }),
  });
  return {
    advance(progress: RunProgress) {
      const now = Math.max(shown, progress.epoch ?? 0);
      handle.advance(now - shown, progressNote(progress));
      shown = now;
    },
    close: () => handle.done(),
  };
}

/** The report says the last one. */
function linesOf({ stdout, json, quiet }: CommandContext): Shown {
  let last = "";
  return {
    update(progress) {
      if (progress.hasEnded || quiet) return;
      const line = json
        ? visibleJson(jsonProgress(progress))
        : `${visibleText(progress.run.name)}: ${progressText(progress) || "started"}`;
      // What changed may be none of what is shown.
      if (line !== last) stdout(`${line}\n`);
      last = line;
    },
    close: () => undefined,
  };
}

/** The newest that runs; the newest of all where none does. */
async function runningRun(store: RunStore): Promise<Pick<Run, "id">> {
  const { runs } = await store.searchRuns({
    filter: "attributes.status = 'RUNNING'",
    limit: 1,
    only: { metrics: [], params: [], tags: [] },
  });
  return runs[0] ?? findRun(store, "last");
}
