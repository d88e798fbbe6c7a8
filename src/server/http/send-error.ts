/** Sends an error in the form that the route's protocol asks for. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { AppError } from "../../base/errors.ts";
import type { ErrorForm } from "../contract/route.ts";
import { errorAnswer } from "./error-answer.ts";

/** Refusals that may come before the body was read. */
const beforeTheBody = [400, 401, 404, 405, 413, 415, 417];

/** `wanted` is the status, where it differs from that of the error's code. */
export function sendError(
  reply: FastifyReply,
  error: AppError,
  request: FastifyRequest,
  wanted?: number,
): FastifyReply {
  const { context } = request;
  context.errorCode = error.code;
  const form = request.routeOptions.config.contract?.errorForm ?? formOfPath(request.originalUrl);
  const { headers, body, ...answer } = errorAnswer(error, form, context.id);
  const status = wanted ?? answer.status;
  // Over this connection the rest of an unwanted body would have to be read first.
  if (beforeTheBody.includes(status) && hasUnreadBody(request)) reply.header("connection", "close");
  return reply.code(status).headers(headers).type("application/json").send(body);
}

function hasUnreadBody({ raw: { complete, headers } }: FastifyRequest): boolean {
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
  return hasBody && !complete;
}

/** The protocol of a path that no route has, or of a whole URL. */
export function formOfPath(url: string): ErrorForm {
  const path = url.replace(/^https?:\/\/[^/?#]+/i, "");
  return path.startsWith("/v2") ? "open-inference" : path.startsWith("/invocations") ? "mlflow" : "pawprint";
}
