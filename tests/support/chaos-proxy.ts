/** A proxy before an HTTP server that does to requests and answers what networks do. */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** `lost` and `cut` come after the server's work, the others before it. */
export type ProxyFault = "refused" | "500" | "429" | "lost" | "cut" | "late";

export interface ChaosProxy {
  readonly url: string;
  /** Undefined: nothing answers behind it. */
  target: string | undefined;
  fault: (() => ProxyFault | undefined) | undefined;
  /** How often each fault came. */
  readonly counts: Map<ProxyFault, number>;
  stop(): Promise<void>;
}

/** `lateMs` is how long a `late` answer takes. */
export async function startChaosProxy(lateMs: number): Promise<ChaosProxy> {
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  const proxy: ChaosProxy = {
    url: `http://127.0.0.1:${port}`,
    target: undefined,
    fault: undefined,
    counts: new Map(),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = Buffer.concat(await incoming.toArray());
    if (proxy.target === undefined) return void outgoing.destroy();
    const fault = proxy.fault?.();
    if (fault !== undefined) proxy.counts.set(fault, (proxy.counts.get(fault) ?? 0) + 1);
    if (fault === "refused") return void outgoing.destroy();
    if (fault === "500" || fault === "429") {
      outgoing.writeHead(Number(fault), { "content-type": "text/html" });
      return void outgoing.end("<h1>not now</h1>");
    }
    const there = await forwarded(proxy.target, incoming, body);
    if (fault === "lost") return void outgoing.destroy();
    if (fault === "late") await new Promise((resolve) => setTimeout(resolve, lateMs));
    outgoing.writeHead(there.status, there.headers);
    if (fault !== "cut") return void outgoing.end(there.content);
    outgoing.write(there.content.subarray(0, Math.floor(there.content.length / 2)), () => outgoing.destroy());
  }
  return proxy;
}

async function forwarded(target: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  const { host: _host, ...kept } = headers;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(`${target}${url}`, { method, headers: kept, agent: false }, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
  const content = Buffer.concat(await answer.toArray());
  const { "transfer-encoding": _chunked, ...others } = answer.headers;
  return { status: answer.statusCode ?? 500, headers: { ...others, "content-length": content.length }, content };
}
