import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Keeps `closeIdleConnections` from cutting off answers that were ended but not yet sent.
 *
 * Node takes a connection for idle as soon as its answer has ended, also while a slow reader has
 * most of it to come: of 24 MiB, a reader that paused for 0.4 s while the service closed got the
 * 3.9 MB that the kernel had taken, and then a closed connection (Node 20.20).
 */
export function keepSlowReaders(server: Server): void {
  const unsent = new Map<ServerResponse, Socket>();
  server.on("request", ({ socket }, response: ServerResponse) => {
    unsent.set(response, socket);
    response.once("close", () => unsent.delete(response));
  });
  const closeIdleConnections = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    const kept = [...unsent.values()];
    // Node offers no way to leave a connection out: for this call it cannot be destroyed.
    for (const socket of kept) socket.destroy = () => socket;
    closeIdleConnections();
    for (const socket of kept) Reflect.deleteProperty(socket, "destroy");
  };
}
