/** The address of a running service, as commands take it. */
import { AppError } from "../base/errors.ts";

/**
 * The address of a service, with the path that it has behind a proxy; `http://` may be left out.
 * Errors: CLI_USAGE.
 */
export function addressFrom(text: string): string {
  const given = /^\w+:\/\//.test(text) ? text : `http://${text}`;
  if (URL.canParse(given)) {
    const { protocol, origin, pathname, search, hash } = new URL(given);
    if (/^https?:$/.test(protocol) && search === "" && hash === "") return origin + pathname.replace(/\/+$/, "");
  }
  throw new AppError("CLI_USAGE", {
    required: "the URL of a service",
    received: JSON.stringify(text),
    hint: "such as http://localhost:8000",
  });
}

/** What `fetch` throws without a connection, as a coded error; anything else unchanged. */
export function unreachable(origin: string, error: unknown): unknown {
  if (!(error instanceof TypeError)) return error;
  const cause = error.cause instanceof Error ? error.cause.message : error.message;
  return new AppError("SERVICE_UNREACHABLE", {
    required: "a service that answers",
    received: cause,
    where: origin,
    hint: "start one with: pawprint serve MODEL",
    cause: error,
  });
}
