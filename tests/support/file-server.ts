/** A web server of files on this machine, whose answers a test chooses. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";

export type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

export interface FileServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** All that were received. */
  readonly requests: readonly IncomingMessage[];
}

const closing: (() => Promise<void>)[] = [];

/** Answers every request with `answer`; `count` is 1 for the first. Closed after the test. */
export async function startFileServer(answer: Answer): Promise<FileServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => answer(request, response, requests.push(request)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** The answer of a usual server, which can go on at a byte. */
export function sendFile(bytes: Uint8Array, type = "application/octet-stream"): Answer {
  return (request, response) => {
    const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
    const isRange = from !== undefined && request.headers["if-range"] === '"a"';
    const part = bytes.subarray(isRange ? Number(from) : 0);
    response.writeHead(isRange ? 206 : 200, {
      etag: '"a"',
      "content-type": type,
      "content-length": part.length,
      ...(isRange && { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    });
    response.end(part);
  };
}

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});
