/** `pawprint models lineage`: from a registered model or a bundle back to its pictures. */
import { lineageMermaid, lineageText } from "../../../registry/lineage/lineage-text.ts";
import { modelLineage, modelsAt } from "../../../wire/models.ts";
import { defineCommand } from "../../frame/command.ts";
import { storeOptions, trackingAccessFor } from "../../tracking-options.ts";

export const command = defineCommand({
  description: `Shows version, bundle, run, commit, splits and pictures, and the version of the data where DVC knows one (SOURCE.dvc, or dvc.lock).
What is named and cannot be found is shown as missing.`,
  arguments: [{ name: "model", doc: "NAME@ALIAS, NAME/VERSION, or a bundle" }],
  options: [{ name: "mermaid", type: "boolean", doc: "print a Mermaid flowchart, for Markdown" }, ...storeOptions],
  examples: [
    { line: "pawprint models lineage cats-dogs@champion", doc: "from the alias to the pictures" },
    { line: "pawprint models lineage models/cats-dogs.onnx", doc: "of a file: the versions that it is, too" },
    { line: "pawprint models lineage cats-dogs/7 --mermaid", doc: "as a diagram" },
  ],
  async run(context, { model }, { mermaid, ...options }) {
    const models = await modelsAt(await trackingAccessFor(context, options));
    try {
      const graph = await modelLineage(models, model, { folder: context.cwd });
      return { result: graph, text: mermaid ? lineageMermaid(graph) : lineageText(graph) };
    } finally {
      await models.close();
    }
  },
});
