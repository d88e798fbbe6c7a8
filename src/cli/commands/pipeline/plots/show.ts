/** `pawprint plots show`: plots of the pipelines. */
import { drawPlots } from "../../../../wire/pipeline-views.ts";
import { defineCommand } from "../../../frame/command.ts";
import { pathFrom } from "../../../paths.ts";
import { repositoryOf } from "../../data/data-options.ts";
import { plotsOptions, writePlots } from "./write-plots.ts";

export const command = defineCommand({
  description:
    "Draws the plots of stages and of the section plots of dvc.yaml: an SVG file for each, and a page with all of them.",
  arguments: [{ name: "revision", doc: "a commit, tag or branch; the work tree unless given", optional: true }],
  options: [...plotsOptions],
  examples: [{ line: "pawprint plots show --out plots", doc: "all plots of the work tree" }],
  leavesFiles: true,
  async run(context, { revision }, { out, force }) {
    const { repository } = await repositoryOf(context);
    const drawn = await drawPlots(repository, [revision], new Date(context.now()));
    return writePlots(context, drawn, pathFrom(context.cwd, out), force);
  },
});
