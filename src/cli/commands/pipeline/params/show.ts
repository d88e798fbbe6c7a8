/** `pawprint params show`: parameters of the pipelines. */
import { pipelineParams } from "../../../../wire/pipeline-views.ts";
import { defineCommand } from "../../../frame/command.ts";
import { valuesJson, valuesMarkdown, valuesText } from "../../../text/value-table-text.ts";
import { repositoryOf } from "../../data/data-options.ts";

export const command = defineCommand({
  arguments: [{ name: "revision", doc: "a commit, tag or branch; the work tree unless given", optional: true }],
  options: [{ name: "md", type: "boolean", doc: "as a table of Markdown" }],
  examples: [{ line: "pawprint params show v1.0", doc: "as they were at a tag" }],
  async run(context, { revision }, { md }) {
    const { repository } = await repositoryOf(context);
    const values = await pipelineParams(repository, revision);
    const write = md ? valuesMarkdown : valuesText;
    return { result: valuesJson(values, revision), text: write(values) };
  },
});
