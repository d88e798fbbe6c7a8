/**
 * Answers bytes that never become a request, and requests that break off; Node itself would answer
 * without a body.
 */
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyReply } from "fastify";
import { AppError } from "../../base/errors.ts";
import type { EarlyFault } from "./early-faults.ts";
import { errorAnswer } from "./error-answer.ts";
import { RequestContext } from "./request-context.ts";
import { securityHeaders } from "./security-headers.ts";
import { formOfPath, sendError } from "./send-error.ts";

export interface BrokenRequestOptions {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Tells metrics and log of an answer without a request. */
  readonly record: (context: RequestContext, status: number) => void;
}

export interface BrokenRequests {
  /** The last request of a connection, once its head is here. */
  begin(reply: FastifyReply): void;
  /** For Node's `clientError`. */
  refuse(error: NodeJS.ErrnoException & { readonly rawPacket?: unknown }, socket: Socket): void;
  /** For Node's `connect`: a request for a tunnel has a socket and no response. */
  refuseTunnel(request: IncomingMessage, socket: Socket): void;
}

/** A property of each connection, since a map of them would cost every request a microsecond. */
const lastReply = Symbol("the last reply");
type Followed = Socket & { [lastReply]?: FastifyReply };

/** How long a caller has to read why its connection is closed. */
const lingerMs = 1000;

export function answerBrokenRequests({ now, record }: BrokenRequestOptions): BrokenRequests {
  /** Where there is no request object, and so no reply, the answer is written to the socket. */
  const write = (socket: Socket, fault: EarlyFault, path: string): void => {
    if (!socket.writable) return;
    const context = new RequestContext({}, socket, now(), 0);
    context.errorCode = fault.error.code;
    const { body, headers, ...answer } = errorAnswer(fault.error, formOfPath(path), context.id);
    const status = fault.status ?? answer.status;
    const text = JSON.stringify(body);
    const fields = {
      ...securityHeaders,
      ...headers,
      "x-request-id": context.id,
      date: new Date().toUTCString(),
      connection: "close",
      "content-type": "application/json; charset=utf-8",
      "content-length": String(Buffer.byteLength(text)),
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${text}`);
    record(context, status);
  };
  const refuseOn = (socket: Socket, fault: EarlyFault, path: string): void => {
    const reply = (socket as Followed)[lastReply];
    if (reply?.request.raw.complete === false) {
      // The body breaks off: its request is answered, unless it has been.
      if (reply.sent) socket.end();
      else sendError(reply.header("connection", "close"), fault.error, reply.request, fault.status);
    } else if (reply !== undefined && !reply.raw.writableFinished) {
      // Answers come in the order of their requests.
      reply.raw.once("finish", () => write(socket, fault, path));
      return;
    } else write(socket, fault, path);
    // A caller that keeps its side open would otherwise hold the connection and its buffers.
    setTimeout(() => socket.destroy(), lingerMs).unref();
  };

  return {
    begin(reply) {
      (reply.request.raw.socket as Followed)[lastReply] = reply;
    },
    refuse(error, socket) {
      if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
      else refuseOn(socket, faultOf(error), pathIn(error.rawPacket));
    },
    refuseTunnel({ method = "", url = "" }, socket) {
      const received = `${method} ${url.slice(0, 200)}`;
      const error = new AppError("METHOD_NOT_ALLOWED", { required: "a request for a route of this service", received });
      socket.on("error", () => socket.destroy());
      refuseOn(socket, { error }, "");
    },
  };
}

function faultOf({ code, reason }: NodeJS.ErrnoException & { readonly reason?: unknown }): EarlyFault {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { error: new AppError("REQUEST_TIMEOUT", { required: "a complete request within the time limit" }) };
    case "HPE_HEADER_OVERFLOW":
      return { error: new AppError("REQUEST_INVALID", { required: "headers of at most 16 KiB" }), status: 431 };
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return { error: new AppError("REQUEST_TOO_LARGE", { required: "chunk extensions of at most 16 KiB" }) };
  }
  const received = typeof reason === "string" ? `the fault '${reason}'` : "something else";
  return { error: new AppError("REQUEST_INVALID", { required: "valid HTTP/1.1", received }) };
}

/** As far as it can be read from the first line: the form of the answer follows from it. */
function pathIn(packet: unknown): string {
  const start = packet instanceof Uint8Array ? Buffer.from(packet.subarray(0, 200)).toString("latin1") : "";
  return /^[A-Z]+ (\/\S*)/.exec(start)?.[1] ?? "";
}
