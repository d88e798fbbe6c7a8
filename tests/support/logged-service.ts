/** `pawprint serve` with a prediction log in a process of its own, and callers that say what they sent it. */
import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { openPredictionLog } from "../../src/prediction-log/open-prediction-log.ts";
import type { Feedback, LabelledPrediction } from "../../src/prediction-log/prediction-log.ts";
import { type PawprintProcess, pawprintCommand, startProcess } from "./pawprint-process.ts";
import type { UntrainedModel } from "./untrained-bundle.ts";

/** Small, so that a log is filled with its answers quickly. */
export const tinyModel: UntrainedModel = {
  labels: ["cat", "dog"],
  widths: [4, 4],
  recipe: { width: 8, height: 8, channels: 1, fit: "stretch", kernel: "linear" },
};

const picture = Array.from({ length: 64 }, (_, at) => (at * 5) % 256);

export interface Answer {
  readonly status: number;
  /** The error's code, where it is one. */
  readonly code: string | undefined;
}

export interface LoggedService extends PawprintProcess {
  readonly origin: string;
  predict(requestId: string, pictures?: number): Promise<Answer>;
  feedback(requestId: string, label: string): Promise<Answer>;
  /** Of a counter or gauge in `/metrics`. */
  metric(name: string): Promise<number>;
}

/** `fileKiB` is the most that the process may write to any file. */
export async function startLoggedService(
  bundle: string,
  predictionLog: string,
  { fileKiB }: { readonly fileKiB?: number } = {},
): Promise<LoggedService> {
  const line = [
    ...pawprintCommand,
    "serve",
    bundle,
    "--port",
    "0",
    "--log-level",
    "warn",
    "--prediction-log",
    predictionLog,
  ];
  const limited = ["bash", "-c", `ulimit -f ${fileKiB}; exec "$@"`, "bash", ...line];
  const started = startProcess(fileKiB === undefined ? line : limited);
  await expect.poll(started.err, { timeout: 60_000, interval: 50 }).toMatch(/on http:\S+/);
  const origin = /on (http:\S+)/.exec(started.err())![1]!; // it was waited for
  const post = async (path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> => {
    const answer = await fetch(`${origin}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const json = (await answer.json()) as { readonly error?: { readonly code: string } };
    return { status: answer.status, code: json.error?.code };
  };
  return {
    ...started,
    origin,
    predict: (requestId, pictures = 1) =>
      post("/predict", { images: Array(pictures).fill(picture) }, { "x-request-id": requestId }),
    feedback: (requestId, label) => post("/feedback", { request_id: requestId, label }),
    async metric(name) {
      const text = await (await fetch(`${origin}/metrics`)).text();
      return Number(
        text
          .split("\n")
          .find((one) => one.startsWith(`${name} `))
          ?.split(" ")
          .at(-1),
      );
    },
  };
}

export interface SaidLabels {
  /** What was said of each request, where the service answered that it is kept. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** Of predictions and of feedback, by status and code. */
  readonly predictions: ReadonlyMap<string, number>;
  readonly feedback: ReadonlyMap<string, number>;
  /** Ends the callers; resolves when the last has its answer. */
  stop(): Promise<void>;
}

/** Callers that ask and then say what the picture is, until they are stopped or the service is gone. */
export function keepSaying(service: LoggedService, callers = 4): SaidLabels {
  const acknowledged = new Map<string, string>();
  const predictions = new Map<string, number>();
  const feedback = new Map<string, number>();
  let isOver = false;
  const count = (into: Map<string, number>, { status, code }: Answer): void => {
    const key = code === undefined ? String(status) : `${status} ${code}`;
    into.set(key, (into.get(key) ?? 0) + 1);
  };
  const call = async (caller: number): Promise<void> => {
    while (!isOver) {
      const id = randomUUID();
      const label = (acknowledged.size + caller) % 2 === 0 ? "cat" : "dog";
      count(predictions, await service.predict(id));
      const said = await service.feedback(id, label);
      count(feedback, said);
      if (said.status === 200) acknowledged.set(id, label);
    }
  };
  const isGone = () => service.child.signalCode !== null || service.child.killed;
  const calling = Promise.all(
    Array.from({ length: callers }, (_, caller) =>
      call(caller).catch((error: unknown) => {
        if (!isGone()) throw error;
      }),
    ),
  );
  // It is awaited when they are stopped.
  calling.catch(() => undefined);
  return {
    acknowledged,
    predictions,
    feedback,
    async stop() {
      isOver = true;
      await calling;
    },
  };
}

/** All rows of a log that no service needs to have open. */
export async function readLog(location: string): Promise<{
  readonly rows: readonly LabelledPrediction[];
  feedbackFor(requestId: string): Promise<readonly Feedback[]>;
  close(): Promise<void>;
}> {
  const log = await openPredictionLog(location);
  const rows: LabelledPrediction[] = [];
  for await (const row of log.read()) rows.push(row);
  return { rows, feedbackFor: (id) => log.feedbackFor(id), close: () => log.close() };
}

/** Each picture of each request has one row, and what was acknowledged is what is known of it. */
export async function expectKept(location: string, acknowledged: ReadonlyMap<string, string>): Promise<number> {
  const log = await readLog(location);
  try {
    const pictures = log.rows.map(({ requestId, position }) => `${requestId} ${position}`);
    expect(new Set(pictures).size).toBe(pictures.length);
    const labels = new Map(log.rows.map(({ requestId, trueLabel }) => [requestId, trueLabel]));
    const lost = [...acknowledged].filter(([id, label]) => labels.get(id) !== label);
    expect(lost).toEqual([]);
    return log.rows.length;
  } finally {
    await log.close();
  }
}
