/** `pawprint trace`: from a running service back to the pictures of what it serves. */
import { lineageMermaid, lineageText } from "../../registry/lineage/lineage-text.ts";
import { modelsAt, traceService } from "../../wire/models.ts";
import { defineCommand } from "../frame/command.ts";
import { addressFrom, unreachable } from "../service-address.ts";
import { storeOptions, trackingAccessFor } from "../tracking-options.ts";

export const command = defineCommand({
  description: `Asks the service what serves as champion, canary and challenger, finds those bundles among the registered models, and shows their chains.
Where the registry knows nothing of a bundle, what the service itself says is shown.`,
  arguments: [{ name: "url", doc: "the service, such as http://localhost:8000" }],
  options: [
    { name: "key", type: "string", doc: "an API key or a token of the service" },
    { name: "mermaid", type: "boolean", doc: "print a Mermaid flowchart, for Markdown" },
    ...storeOptions,
  ],
  examples: [{ line: "pawprint trace http://localhost:8000", doc: "what answers there, and where it comes from" }],
  async run(context, { url }, { key, mermaid, ...options }) {
    const origin = addressFrom(url);
    const { cwd: folder, signal } = context;
    const models = await modelsAt(await trackingAccessFor(context, options));
    try {
      const graph = await traceService(models, origin, { folder, signal, ...(key !== undefined && { key }) });
      return { result: graph, text: mermaid ? lineageMermaid(graph) : lineageText(graph) };
    } catch (error) {
      throw unreachable(origin, error);
    } finally {
      await models.close();
    }
  },
});
