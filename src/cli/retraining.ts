/** A training on what a service's pictures were labelled as: data first, then the pipeline, and no promotion. */
import { counted } from "../base/quantity.ts";
import { visibleText } from "../base/visible-text.ts";
import { addLabelled } from "../monitor/add-labelled.ts";
import { planRetraining } from "../monitor/plan-retraining.ts";
import { repro } from "../pipeline/repro.ts";
import { openRepository } from "../versioning/repo/open-repository.ts";
import type { CommandContext, CommandReport } from "./frame/command.ts";
import { pathFrom, shownPath } from "./paths.ts";
import { createReproTeller, reproFailures, reproSummary, reproTable } from "./text/repro-text.ts";

/**
 * Finds the stages that need `data`; what it gives adds the labelled pictures of an export to `data`
 * and runs them. Errors: those of `openRepository`, `planRetraining`, `addLabelled` and `repro`.
 */
export async function prepareRetraining(
  context: CommandContext,
  data: string,
): Promise<(exported: string) => Promise<CommandReport>> {
  const { cwd, signal, progress, logger, style, env, json, quiet, width } = context;
  const repository = await openRepository(cwd);
  const dataset = pathFrom(cwd, data);
  const { targets, leftOut } = await planRetraining(repository, dataset);
  return async (exported) => {
    const pictures = await addLabelled(exported, dataset, signal);
    for (const stage of leftOut) logger.info(`left out, since it promotes or needs what does: ${visibleText(stage)}`);
    const tell = quiet ? undefined : createReproTeller((line) => context.stderr(`${line}\n`), style);
    const report = await repro(repository, targets, {
      folder: repository.root,
      env: { ...env },
      output: () => (json ? "stderr" : "inherit"),
      ...(tell && { onEvent: tell }),
      logger,
      progress,
      signal,
    });
    const { added, present, moved } = pictures;
    const failures = reproFailures(report, style);
    const nodes = report.nodes.map(({ error, ...node }) => ({ ...node, ...(error && { error: error.toJSON() }) }));
    return {
      result: { ...pictures, nodes, leftOut, isComplete: report.isComplete },
      text: [
        `Added     ${counted(added, "picture")} to ${visibleText(shownPath(cwd, dataset))}, ${moved} moved to another class, ${present} there already`,
        reproTable(report, width),
        reproSummary(report),
        ...failures,
      ].join("\n"),
      quietText: failures.join("\n"),
      ...(report.isComplete && {
        next: `look at the candidate with ${style.cyan("pawprint models list")}, then promote it: ${style.cyan("pawprint models promote NAME VERSION")}`,
      }),
      exitCode: report.isComplete ? 0 : 1,
    };
  };
}
