/** The two ends of a server's life: it begins to listen, and ends its connections. */
import type { FastifyInstance } from "fastify";
import { AppError } from "../../base/errors.ts";
import { systemCodeOf } from "../../base/files/file-failure.ts";

/**
 * Connections that the kernel keeps until they are taken: with Node's 511 a burst of callers would
 * wait for their own retries.
 */
const waitingConnections = 4096;

/** Gives the URL. Errors: LISTEN_FAILED. */
export async function listenOn(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    // For "localhost" Fastify opens a second server for ::1, without the limits of this one.
    const address = host === "localhost" ? "127.0.0.1" : host;
    return await app.listen({ host: address, port, backlog: waitingConnections });
  } catch (error) {
    const code = systemCodeOf(error);
    throw new AppError("LISTEN_FAILED", {
      required: `${host}:${port} as a free address and port`,
      received: code ?? String(error),
      ...(code === "EADDRINUSE" && { hint: "another process listens there; choose another `port`" }),
      cause: error,
    });
  }
}

const idleCheckMs = 100;

/**
 * Stops listening and waits for answers under way. A connection that was kept alive ends as soon as
 * it is idle, every other one after `graceMs`.
 */
export async function endConnections(app: FastifyInstance, graceMs: number): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), idleCheckMs);
  const late = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(late);
  }
}
