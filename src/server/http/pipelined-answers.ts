/** Tells answers that wait behind others on their connection when that is gone. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Node (20.20) emits `close` on the first answer of a connection alone. On those behind it, of requests
 * that were sent without waiting, it never would, and what counts until then would count for good.
 */
export function endPipelinedAnswers(server: Server): void {
  const behind = new WeakMap<Socket, Set<ServerResponse>>();
  const waitingOn = (socket: Socket): Set<ServerResponse> => {
    const known = behind.get(socket);
    if (known !== undefined) return known;
    const waiting = new Set<ServerResponse>();
    behind.set(socket, waiting);
    socket.once("close", () => {
      for (const response of waiting) {
        // One that has its turn by now is told by Node.
        if (response.socket !== null) continue;
        response.destroyed = true;
        response.emit("close");
      }
    });
    return waiting;
  };
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    if (response.socket !== null) return;
    const waiting = waitingOn(socket).add(response);
    response.once("close", () => waiting.delete(response));
  });
}
