/** `pawprint plots diff`: plots of revisions over each other. */
import { drawPlots } from "../../../../wire/pipeline-views.ts";
import { defineCommand } from "../../../frame/command.ts";
import { pathFrom } from "../../../paths.ts";
import { repositoryOf } from "../../data/data-options.ts";
import { plotsOptions, writePlots } from "./write-plots.ts";

export const command = defineCommand({
  description:
    "Draws the plots of stages and of the section plots of dvc.yaml: an SVG file for each, and a page with all of them.",
  arguments: [
    {
      name: "revisions",
      doc: "commits, tags or branches; HEAD unless given; the work tree comes last",
      variadic: true,
      optional: true,
    },
  ],
  options: [...plotsOptions],
  examples: [{ line: "pawprint plots diff v1.0 --out plots", doc: "from a tag to the work tree" }],
  leavesFiles: true,
  async run(context, { revisions = [] }, { out, force }) {
    const { repository } = await repositoryOf(context);
    const drawn = await drawPlots(
      repository,
      [...(revisions.length === 0 ? ["HEAD"] : revisions), ...(revisions.length < 2 ? [undefined] : [])],
      new Date(context.now()),
    );
    return writePlots(context, drawn, pathFrom(context.cwd, out), force);
  },
});
