/** `pawprint serve`: a bundle as a service over HTTP, until Ctrl-C or SIGTERM. */

import { AppError, isAppError } from "../../../base/errors.ts";
import { visibleText } from "../../../base/visible-text.ts";
import type { PawprintServer } from "../../../server/create-server.ts";
import { serveConfigSchema } from "../../../server/serve-config.ts";
import { createServerAt } from "../../../wire/service.ts";
import { type CommandContext, defineCommand } from "../../frame/command.ts";
import { pathFrom } from "../../paths.ts";
import { loadPawprintConfig, optionsOf } from "../../pawprint-config.ts";
import { storeOptions, trackingAccessFor } from "../../tracking-options.ts";

export const command = defineCommand({
  description: `Serves a bundle, the last one of a folder of bundles, a registered model, or what an address with its SHA-256 leads to: a new file is loaded beside the old one, checked, and then replaces it; so is the version that an alias is moved to.
The log is one JSON line for each request, on standard output or in --log-file. On SIGTERM it finishes requests in flight, then ends.`,
  arguments: [
    {
      name: "model",
      doc: "a bundle, a folder of bundles, models:/NAME@ALIAS, or https://HOST/NAME.onnx#sha256=HEX",
      optional: true,
    },
  ],
  options: [...optionsOf(serveConfigSchema).filter(({ name }) => name !== "model"), ...storeOptions],
  examples: [
    { line: "pawprint serve models/cats-dogs.onnx", doc: "on http://localhost:8000" },
    { line: "pawprint serve models/live/ --host 0.0.0.0 --keys-file keys.json", doc: "for others, who need a key" },
    {
      line: "pawprint serve v1.onnx --canary v2.onnx --canary-percent 5",
      doc: "a twentieth of the callers get the new model",
    },
    { line: "pawprint serve models:/cats-dogs@champion", doc: "a registered model: the service follows the alias" },
  ],
  leavesFiles: true,
  async run(context, { model }, { trackingUri, trackingCaFile, trackingTimeoutMs, ...options }) {
    const { serve } = await loadPawprintConfig(context, "serve", { ...options, model });
    if (serve.model === undefined) throw noModel();
    const path = (location: string): string => pathFrom(context.cwd, location);
    const { canary, challenger, samples, logFile, predictionLog, keepPictures, keysFile } = serve;
    const store = { trackingUri, trackingCaFile, trackingTimeoutMs };
    const opened = createServerAt(
      {
        ...serve,
        signal: context.signal,
        model: path(serve.model),
        ...(canary !== undefined && { canary: path(canary) }),
        ...(challenger !== undefined && { challenger: path(challenger) }),
        ...(samples !== undefined && { samples: path(samples) }),
        ...(logFile !== undefined && { logFile: path(logFile) }),
        ...(predictionLog !== undefined && { predictionLog: path(predictionLog) }),
        ...(keepPictures !== undefined && { keepPictures: path(keepPictures) }),
        ...(keysFile !== undefined && { keysFile: path(keysFile) }),
      },
      () => trackingAccessFor(context, store),
      context.cwd,
    );
    const server = await opened.catch((error: unknown) => {
      if (context.signal.aborted && isAppError(error) && error.code === "INTERRUPTED") return undefined;
      throw error;
    });
    // Asked to stop before it served, which is no fault of a service.
    if (server === undefined) return undefined;
    await runServer(server, context, (url, adminUrl) => {
      const model = server.service.host.current("champion");
      context.stderr(
        `${visibleText(`${model?.name} ${model?.version}`)} on ${url}  (playground; its routes: ${url}/docs)\n`,
      );
      if (model?.name === embeddedSample) {
        context.stderr(
          "warning: this is the image's sample model, which knows drawings of cats and dogs alone; set PAWPRINT_SERVE_MODEL to serve your own\n",
        );
      }
      if (adminUrl !== undefined) context.stderr(`admin routes on ${adminUrl}\n`);
    });
    return undefined;
  },
});

/** What the Dockerfile calls the model that it brings. */
const embeddedSample = "embedded-sample";

/**
 * Listens, calls `tell` with the address, serves until the signal, and shuts down gracefully.
 */
export async function runServer(
  server: PawprintServer,
  { signal, stderr }: Pick<CommandContext, "signal" | "stderr">,
  tell: (url: string, adminUrl: string | undefined) => void,
): Promise<void> {
  try {
    const { url, adminUrl } = await server.listen();
    for (const warning of server.warnings) stderr(`warning: ${warning}\n`);
    tell(url, adminUrl);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  } finally {
    await server.close();
  }
}

function noModel(): AppError {
  return new AppError("CLI_USAGE", {
    required: "MODEL (a bundle, a folder of bundles, or an address)",
    received: "nothing",
    where: "pawprint serve",
    hint: "train one with: pawprint train --data FOLDER",
  });
}
