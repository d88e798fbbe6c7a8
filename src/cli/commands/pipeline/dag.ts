/** `pawprint dag`: the graph of stages and data. */

import { writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { requireFreePath } from "../../../bundle/export-bundle.ts";
import { dagDot, dagMermaid, dagText } from "../../../pipeline/dag.ts";
import { dagSvg } from "../../../report/pipeline/dag-drawing.ts";
import { pipelineDag } from "../../../wire/pipeline-views.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { repositoryOf } from "../data/data-options.ts";

export const command = defineCommand({
  description: "Each stage and .dvc file, below what it needs. --mermaid and --dot are those of dvc dag.",
  arguments: [
    {
      name: "targets",
      doc: "stages, with all that they need; everything unless given",
      variadic: true,
      optional: true,
    },
  ],
  options: [
    { name: "outs", type: "boolean", doc: "outputs instead of stages" },
    { name: "full", type: "boolean", doc: "with targets: all that is connected with them" },
    { name: "mermaid", type: "boolean", doc: "as Mermaid" },
    { name: "md", type: "boolean", doc: "as Mermaid in a fenced block" },
    { name: "dot", type: "boolean", doc: "as DOT, for Graphviz" },
    { name: "svg", type: "string", placeholder: "FILE.svg", doc: "write a drawing" },
    { name: "force", short: "f", type: "boolean", doc: "overwrite an existing drawing" },
  ],
  examples: [
    { line: "pawprint dag", doc: "the whole graph" },
    { line: "pawprint dag train --svg train.svg", doc: "a drawing of what the stage train needs" },
  ],
  leavesFiles: true,
  async run(context, { targets = [] }, { outs, full, mermaid, md, dot, svg, force }) {
    const { cwd } = context;
    const path = svg === undefined ? undefined : pathFrom(cwd, svg);
    if (path !== undefined) await requireFreePath(path, force);
    const { repository } = await repositoryOf(context);
    const dag = await pipelineDag(repository, targets, { folder: cwd, outs, full });
    if (path !== undefined) await writeFileAtomic(path, dagSvg(dag), { force });
    const asMermaid = md ? `\`\`\`mermaid\n${dagMermaid(dag)}\n\`\`\`` : dagMermaid(dag);
    const text = dot ? dagDot(dag) : mermaid || md ? asMermaid : dagText(dag) || "no stage and no .dvc file";
    return {
      result: { ...dag, ...(path !== undefined && { svg: path }) },
      text: path === undefined ? text : `wrote ${visibleText(shownPath(cwd, path))}`,
      ...(path !== undefined && { quietText: path }),
    };
  },
});
