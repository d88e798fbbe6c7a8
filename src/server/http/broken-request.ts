/** Answers what is not a complete HTTP request; Node itself would answer without a body. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { AppError } from "../../base/errors.ts";

/** How long a caller has to read why its connection is closed. */
const lingerMs = 1000;

/** Written to the socket: where the bytes are not HTTP, or too slow, there is no request object. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const isSlow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const isLarge = error.code === "HPE_HEADER_OVERFLOW";
  const code = isSlow ? "REQUEST_TIMEOUT" : "REQUEST_INVALID";
  const required = isSlow
    ? "a complete request within the time limit"
    : isLarge
      ? "headers of at most 16 KiB"
      : "valid HTTP/1.1";
  const status = isSlow ? "408 Request Timeout" : isLarge ? "431 Request Header Fields Too Large" : "400 Bad Request";
  const body = JSON.stringify({ error: new AppError(code, { required }) });
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  // A caller that keeps its side open would otherwise hold the connection and its buffers.
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

/** Answers an `Expect` header with anything else than 100-continue. */
export function refuseExpectation({ headers }: IncomingMessage, response: ServerResponse): void {
  const received = JSON.stringify((headers.expect ?? "").slice(0, 80));
  const error = new AppError("REQUEST_INVALID", { required: "the expectation 100-continue, or none", received });
  const headerFields = { "content-type": "application/json", connection: "close" };
  response.writeHead(417, headerFields).end(JSON.stringify({ error }));
}

/** HTTP/1.1 without a Host header. */
export function noHost(): AppError {
  return new AppError("REQUEST_INVALID", { required: "the Host header of HTTP/1.1", received: "none" });
}
