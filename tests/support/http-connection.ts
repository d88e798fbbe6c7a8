/**
 * One keep-alive connection over which prepared bytes go out and of whose answers only the status
 * is read: cheap enough to load a service with.
 */
import { connect, type Socket } from "node:net";

export interface Connection {
  /** False once either side has said that this is the last answer. */
  readonly isOpen: boolean;
  /**
   * Sends a whole request and gives the status of its answer. Errors: where the connection breaks
   * before it.
   */
  send(request: Buffer): Promise<string>;
  close(): void;
}

/** From another address of this machine (`127.x.y.z`, Linux only) where one is given. */
export function openConnection(port: number, localAddress?: string): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: "127.0.0.1", ...(localAddress && { localAddress }) });
    socket.setNoDelay(true);
    let received = "";
    let onAnswer: ((status: string) => void) | undefined;
    let onFailure: (error: Error) => void = reject;
    let isOpen = true;
    socket.on("connect", () =>
      resolve({
        get isOpen() {
          return isOpen;
        },
        send: (request) =>
          new Promise((answered, broken) => {
            onAnswer = answered;
            onFailure = broken;
            socket.write(request);
          }),
        close: () => socket.destroy(),
      }),
    );
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      const headEnd = received.indexOf("\r\n\r\n");
      if (headEnd === -1) return;
      const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, headEnd))?.[1];
      if (length === undefined || received.length < headEnd + 4 + Number(length)) return;
      if (/\r\nconnection: *close/i.test(received.slice(0, headEnd))) isOpen = false;
      const status = received.slice(9, 12);
      received = received.slice(headEnd + 4 + Number(length));
      onAnswer?.(status);
    });
    const lose = (error?: Error): void => {
      isOpen = false;
      onFailure(error ?? new Error("the connection was closed"));
    };
    socket.on("error", lose);
    socket.on("close", () => lose());
  });
}
