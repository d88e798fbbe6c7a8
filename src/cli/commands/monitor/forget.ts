/** `pawprint monitor forget`: removes what a service kept of one request. */
import { AppError } from "../../../base/errors.ts";
import { counted } from "../../../base/quantity.ts";
import type { ForgottenRequest } from "../../../monitor/forget-request.ts";
import { serveConfigSchema } from "../../../server/serve-config.ts";
import { forgetRequestAt } from "../../../wire/monitoring.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom, shownName } from "../../paths.ts";
import { loadPawprintConfig, optionsOf } from "../../pawprint-config.ts";

export const command = defineCommand({
  description: `Removes a request's predictions from the prediction log, with all that was said of them, and its pictures from where some are kept. Both places are
those of the service, from its settings unless given. A service that runs may still hold an answer of the last seconds: then run it again. Backups and the
service's own log, which has the request's id, its prediction and no picture, stay as they are.`,
  arguments: [{ name: "requestId", doc: "request_id of an answer, or its header x-request-id" }],
  options: optionsOf(serveConfigSchema, ["predictionLog", "keepPictures"]),
  examples: [
    {
      line: "pawprint monitor forget 0b8f2d1e-6f5e-4f58-9b9e-0c1f6f9d7c11 --prediction-log .pawprint/predictions.db",
      doc: "of a service that keeps no pictures",
    },
  ],
  async run(context, { requestId }, options) {
    const { cwd, signal } = context;
    const { predictionLog, keepPictures } = (await loadPawprintConfig(context, "serve", options)).serve;
    if (predictionLog === undefined && keepPictures === undefined) throw nowhere();
    const forgotten = await forgetRequestAt({
      requestId,
      ...(predictionLog !== undefined && { predictionLog: pathFrom(cwd, predictionLog) }),
      ...(keepPictures !== undefined && { keepPictures: pathFrom(cwd, keepPictures) }),
      signal,
    });
    return { result: { requestId, ...forgotten }, text: forgottenText(requestId, forgotten) };
  },
});

/** "removed of request 0b8f: 2 predictions, 1 of feedback, 2 pictures" */
function forgottenText(requestId: string, { predictions, feedback, pictures }: ForgottenRequest): string {
  const parts = [
    ...(predictions === undefined ? [] : [counted(predictions, "prediction")]),
    ...(feedback === undefined ? [] : [`${feedback} of feedback`]),
    ...(pictures === undefined ? [] : [counted(pictures, "picture")]),
  ];
  const isNothing = [predictions, feedback, pictures].every((count) => (count ?? 0) === 0);
  return isNothing
    ? `nothing of request ${shownName(requestId)} is kept there`
    : `removed of request ${shownName(requestId)}: ${parts.join(", ")}`;
}

function nowhere(): AppError {
  return new AppError("CLI_USAGE", {
    required: "a prediction log by --prediction-log, a place of pictures by --keep-pictures, or both",
    received: "neither",
    where: "pawprint monitor forget",
  });
}
