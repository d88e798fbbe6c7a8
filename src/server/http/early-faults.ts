/**
 * Requests whose head is wrong already. They take the way of all others, and are refused there:
 * with the same headers, counted and logged.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { AppError } from "../../base/errors.ts";

export interface EarlyFault {
  readonly error: AppError;
  /** Where it differs from that of the error's code. */
  readonly status?: number;
}

const noted = Symbol("the fault of a head");
type Noted = IncomingMessage & { [noted]?: EarlyFault };

export function earlyFaultOf(request: Noted): EarlyFault | undefined {
  const { headers, httpVersion } = request;
  if (headers.host === undefined && httpVersion === "1.1") return { error: noHost() };
  return request[noted];
}

/** Fits no route. */
const nowhere = "//";

/**
 * The path and query to route by: a router would answer by itself what is no path, or cannot be
 * decoded.
 */
export function routableUrl(request: Noted): string {
  const { url = "" } = request;
  const path = url.startsWith("/") ? url : /^https?:\/\/[^/?#]+(\/.*)?$/i.exec(url)?.[1];
  if (path !== undefined && (!path.includes("%") || isDecodable(path))) return path;
  request[noted] = { error: badUrl(url) };
  return nowhere;
}

function isDecodable(path: string): boolean {
  try {
    decodeURI(path.split(/[?#]/, 1)[0]!);
    return true;
  } catch {
    return false;
  }
}

/** Refuses an `Expect` header with anything else than 100-continue. */
export function refuseExpectations(server: Server): void {
  server.on("checkExpectation", (request: Noted, response: ServerResponse) => {
    const received = JSON.stringify((request.headers.expect ?? "").slice(0, 80));
    const error = new AppError("REQUEST_INVALID", { required: "the expectation 100-continue, or none", received });
    request[noted] = { error, status: 417 };
    server.emit("request", request, response);
  });
}

function noHost(): AppError {
  return new AppError("REQUEST_INVALID", { required: "the Host header of HTTP/1.1", received: "none" });
}

function badUrl(url: string): AppError {
  return new AppError("REQUEST_INVALID", {
    required: "a path that begins with / and is UTF-8 in percent-encoding",
    received: JSON.stringify(url.slice(0, 200)),
    where: "url",
  });
}
