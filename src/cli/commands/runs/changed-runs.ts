/** What delete and restore have in common. */
import { counted } from "../../../base/quantity.ts";
import { visibleText } from "../../../base/visible-text.ts";
import type { Lifecycle } from "../../../tracking/run.ts";
import type { RunStore } from "../../../tracking/run-store.ts";
import type { CommandContext, CommandReport } from "../../frame/command.ts";
import { findRuns, withRunStore } from "./run-options.ts";

interface Change {
  readonly references: readonly string[];
  /** Of the runs that it is for. */
  readonly lifecycle: Lifecycle;
  /** What was done, as a participle: the key of the result, too. */
  readonly done: "deleted" | "restored";
  readonly apply: (store: RunStore, id: string) => Promise<void>;
}

/** Nothing is changed where one of the runs is not found. */
export async function changeRuns(
  context: CommandContext,
  options: Parameters<typeof withRunStore>[1],
  { references, lifecycle, done, apply }: Change,
): Promise<CommandReport> {
  return withRunStore(context, options, async (store) => {
    const runs = await findRuns(store, references, { lifecycle });
    for (const { id } of runs) await apply(store, id);
    const undo =
      done === "deleted" ? `\nTo bring back: pawprint runs restore ${runs.map(({ id }) => id).join(" ")}` : "";
    const names = runs.map(({ id, name }) => `${visibleText(name)} (${id.slice(0, 12)})`).join(", ");
    return {
      result: { store: store.location, [done]: runs.map(({ id }) => id) },
      text: `${counted(runs.length, "run")} ${done}: ${names}${undo}`,
      quietText: runs.map(({ id }) => `${id}\n`).join(""),
    };
  });
}
