/** The callers: `load.ts` in a process of its own, and what is read from its results. */
import { fileURLToPath } from "node:url";
import { type LineProcess, startLineProcess } from "../line-process.ts";
import type { LoadResult, LoadTask } from "./load.ts";
import type { RunningService } from "./services.ts";
import type { Load } from "./subjects.ts";

export interface Callers {
  call(
    service: RunningService,
    load: Load,
    task: Pick<LoadTask, "connections" | "seconds" | "rate">,
    path?: string,
  ): Promise<LoadResult>;
  close(): Promise<void>;
}

/** What every measurement is given. */
export interface Bench {
  readonly callers: Callers;
  /** A folder for bundles and logs. */
  readonly scratch: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly log: (text: string) => void;
}

/** A TypeScript file beside this one as a process that answers lines. */
export function startWorker(name: string): LineProcess {
  const file = fileURLToPath(new URL(name, import.meta.url));
  return startLineProcess(process.execPath, ["--import", "tsx", file]);
}

export function startCallers(): Callers {
  const generator = startWorker("load.ts");
  return {
    async call(service, { contentType, body }, task, path = "/predict") {
      const message: LoadTask = { port: service.port, path, contentType, body: body.toString("base64"), ...task };
      return (await generator.ask(message)) as unknown as LoadResult; // load.ts made it
    },
    close: () => generator.close(),
  };
}

/** Errors: where there are other answers than the allowed ones. */
export function requireAnswers(who: string, { statuses }: LoadResult, allowed: readonly string[] = ["200"]): void {
  const others = Object.keys(statuses).filter((status) => !allowed.includes(status));
  if (others.length > 0) throw new Error(`${who} answered ${JSON.stringify(statuses)}`);
}

/** Good answers per second. */
export function rateOf({ statuses, seconds }: LoadResult): number {
  return (statuses["200"] ?? 0) / seconds;
}
