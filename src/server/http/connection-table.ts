/** Who may hold a connection, and for how long: room for new ones, and an end for those that stall. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { AppError } from "../../base/errors.ts";
import { networkOf } from "../security/network.ts";

export interface ConnectionLimits {
  /** Open connections, and those of one address (or network of an IPv6 host). */
  readonly connections: number;
  readonly perAddress: number;
  /** Time without progress after which an answer's connection is closed. */
  readonly sendTimeoutMs: number;
  /** Told of every connection that is ended here. */
  readonly onEnd: (reason: ConnectionEnd) => void;
}

/**
 * Why a connection was ended: `idle`, it had no request under way when another one came in above
 * the limit; `slow`, then too, by a body that was long on its way; `refused`, it came in itself and
 * nothing could make room; `stalled`, nobody took its answer.
 */
export type ConnectionEnd = "idle" | "slow" | "refused" | "stalled";

export interface ConnectionTable {
  /** Whether it came in above the limit: for a probe, or a quick refusal. */
  isExtra(socket: Socket): boolean;
}

interface Connection {
  readonly address: string;
  readonly isExtra: boolean;
  /** Requests whose heads are here and whose answers are not yet taken. */
  requests: number;
  /** The last of them, and when it came, in milliseconds of a monotonic clock. */
  last: IncomingMessage | undefined;
  lastAt: number;
  /** What the kernel had taken of its answers, and when that was seen first. */
  sent: number;
  sentAt: number;
}

/** Above the limit, for probes and quick refusals: connections of both kinds end at once. */
export function extraConnections(limit: number): number {
  return Math.max(32, Math.floor(limit / 8));
}

/** A body that has been on its way for longer may be given up for a new connection. */
const slowBodyMs = 1000;

/** The open connections, by what they are doing. */
class Connections {
  readonly all = new Map<Socket, Connection>();
  /** With a request under way, the oldest first. */
  readonly busy = new Set<Socket>();
  /** Without one, the longest idle first. */
  readonly #idle = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();
  readonly #limits: ConnectionLimits;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Whether one more of this address fits in, `more` above the limits. */
  hasRoom(address: string, more = 0): boolean {
    const { connections, perAddress } = this.#limits;
    return this.all.size < connections + more && this.#countOf(address) < perAddress + more;
  }

  add(socket: Socket, address: string): void {
    const isExtra = !this.hasRoom(address);
    this.all.set(socket, { address, isExtra, requests: 0, last: undefined, lastAt: 0, sent: -1, sentAt: 0 });
    this.#perAddress.set(address, this.#countOf(address) + 1);
    this.#idle.add(socket);
  }

  remove(socket: Socket): void {
    const connection = this.all.get(socket);
    if (connection === undefined) return;
    const { address } = connection;
    this.all.delete(socket);
    this.#idle.delete(socket);
    this.busy.delete(socket);
    if (this.#countOf(address) > 1) this.#perAddress.set(address, this.#countOf(address) - 1);
    else this.#perAddress.delete(address);
  }

  begin(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const connection = this.all.get(socket);
    if (connection === undefined) return;
    connection.last = request;
    connection.lastAt = performance.now();
    if (connection.requests++ === 0) {
      this.#idle.delete(socket);
      this.busy.add(socket);
    }
    response.once("close", () => {
      if (--connection.requests > 0 || !this.busy.delete(socket)) return;
      connection.last = undefined;
      this.#idle.add(socket);
    });
  }

  /** What a new connection of this address takes the place of, if anything; at its own limit, of one of its own. */
  victimFor(address: string): { readonly socket: Socket; readonly reason: ConnectionEnd } | undefined {
    const isOwnLimit = this.#countOf(address) >= this.#limits.perAddress;
    const find = (sockets: Set<Socket>, fits: (connection: Connection) => boolean): Socket | undefined => {
      for (const socket of sockets) {
        const connection = this.all.get(socket);
        if (connection && (!isOwnLimit || connection.address === address) && fits(connection)) return socket;
      }
      return undefined;
    };
    const unused = find(this.#idle, ({ isExtra }) => !isExtra);
    if (unused !== undefined) return { socket: unused, reason: "idle" };
    const since = performance.now() - slowBodyMs;
    const slow = find(this.busy, ({ last, lastAt }) => last?.complete === false && lastAt < since);
    if (slow !== undefined) return { socket: slow, reason: "slow" };
    // Those above the limit stay until there are too many of them: a burst would end its own first.
    if (this.hasRoom(address, extraConnections(this.#limits.connections))) return undefined;
    const extra = find(this.#idle, () => true);
    return extra && { socket: extra, reason: "idle" };
  }

  /** Connections with an answer that is not taken, and was not for so long. */
  stalledFor(timeoutMs: number): readonly Socket[] {
    const now = performance.now();
    return [...this.busy].filter((socket) => {
      const connection = this.all.get(socket);
      // Otherwise its answer is still being computed, or its body on its way: both have other limits.
      if (connection === undefined || socket.writableLength === 0) return false;
      const sent = sentOn(socket);
      if (sent === connection.sent) return now - connection.sentAt >= timeoutMs;
      connection.sent = sent;
      connection.sentAt = now;
      return false;
    });
  }

  #countOf(address: string): number {
    return this.#perAddress.get(address) ?? 0;
  }
}

/**
 * Holds a server to the limits. At its limit a new connection takes the place of the one that has
 * been idle for longest, so that idle and slow ones lock nobody out; Node's own `maxConnections`
 * would drop the new one. A connection whose answer makes no progress for `sendTimeoutMs` is ended;
 * Node's own time-outs take bytes that the caller sends for progress.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): ConnectionTable {
  const { connections, sendTimeoutMs, onEnd } = limits;
  const open = new Connections(limits);
  const end = (socket: Socket, reason: ConnectionEnd): void => {
    open.remove(socket);
    // The error stands in the log: its caller did not go away by itself.
    socket.destroy(reason === "slow" ? tooManyConnections(connections) : undefined);
    onEnd(reason);
  };
  server.on("connection", (socket: Socket) => {
    const address = networkOf(socket.remoteAddress ?? "");
    const victim = open.hasRoom(address) ? undefined : open.victimFor(address);
    if (victim !== undefined) end(victim.socket, victim.reason);
    if (!open.hasRoom(address, extraConnections(connections))) return end(socket, "refused");
    open.add(socket, address);
    socket.once("close", () => open.remove(socket));
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => open.begin(request, response));
  const endStalled = (): void => {
    for (const socket of open.stalledFor(sendTimeoutMs)) end(socket, "stalled");
  };
  server.once("listening", () => {
    const timer = setInterval(endStalled, Math.min(1000, sendTimeoutMs / 2)).unref();
    server.once("close", () => clearInterval(timer));
  });
  keepUnsent(server, open.busy);
  return { isExtra: (socket) => open.all.get(socket)?.isExtra === true };
}

/** Bytes that the kernel has taken, and those that wait to be given to it: grows with progress alone. */
function sentOn(socket: Socket): number {
  // Node's own time-out reads the same field of the handle; of the public ones none knows how much
  // of one large write is done.
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return socket.bytesWritten - (handle?.writeQueueSize ?? 0);
}

/** OVERLOADED for a connection above the limit. */
export function tooManyConnections(limit: number): AppError {
  return new AppError("OVERLOADED", {
    required: `at most ${limit} open connections, and fewer of one address`,
    received: "one more",
    retryAfterSeconds: 1,
  });
}

/**
 * Keeps `closeIdleConnections` from cutting off answers that were ended but not yet sent.
 *
 * Node takes a connection for idle as soon as its answer has ended, also while a slow reader has
 * most of it to come: of 24 MiB, a reader that paused for 0.4 s while the service closed got the
 * 3.9 MB that the kernel had taken, and then a closed connection (Node 20.20).
 */
function keepUnsent(server: Server, busy: ReadonlySet<Socket>): void {
  const closeIdleConnections = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    const kept = [...busy];
    // Node offers no way to leave a connection out: for this call it cannot be destroyed.
    for (const socket of kept) socket.destroy = () => socket;
    closeIdleConnections();
    for (const socket of kept) Reflect.deleteProperty(socket, "destroy");
  };
}
