/**
 * Callers that keep asking over keep-alive connections, as a load balancer's do, until a number of
 * requests has been sent.
 */
import { type Connection, openConnection } from "./http-connection.ts";

export interface SteadyLoad {
  readonly request: Buffer;
  readonly count: number;
  readonly connections: number;
  /** Where to connect to; asked for each new connection. */
  readonly port: () => number;
  /** Called after each answer with their number so far. */
  readonly onAnswer?: (done: number) => void;
}

/** Answers by status, and the requests that were sent but never answered. */
export interface LoadOutcome {
  readonly statuses: Readonly<Record<string, number>>;
  readonly lost: number;
}

export async function steadyLoad({ request, count, connections, port, onAnswer }: SteadyLoad): Promise<LoadOutcome> {
  const statuses: Record<string, number> = {};
  let started = 0;
  let done = 0;
  let lost = 0;
  const caller = async (): Promise<void> => {
    let connection: Connection | undefined;
    while (started < count) {
      started++;
      if (!connection?.isOpen) connection = await openConnection(port());
      try {
        const status = await connection.send(request);
        statuses[status] = (statuses[status] ?? 0) + 1;
        onAnswer?.(++done);
      } catch {
        lost++;
        connection = undefined;
      }
    }
    connection?.close();
  };
  await Promise.all(Array.from({ length: connections }, caller));
  return { statuses, lost };
}
