/** The thread in which a service's log in a file is written: a write there stops no answer here. */
import { workerData } from "node:worker_threads";
import { answerThread } from "../base/threads/answer-thread.ts";
import { openPredictionLog } from "./open-prediction-log.ts";
import { type PackedRows, unpackRows } from "./packed-rows.ts";
import type { ServiceLog } from "./prediction-log.ts";

type PlainCall = Exclude<keyof ServiceLog, "close" | "location" | "append">;

/** A call of the log; rows to append are packed. */
export type LogQuestion =
  | { readonly call: "append"; readonly packed: PackedRows }
  | { readonly [Name in PlainCall]: { readonly call: Name; readonly values: Parameters<ServiceLog[Name]> } }[PlainCall];

const opening = openPredictionLog(String(workerData));
// It is awaited with the first question.
opening.catch(() => undefined);

answerThread<LogQuestion, unknown>(
  async (question) => {
    const log = await opening;
    if (question.call === "append") return { answer: await log.append(unpackRows(question.packed)) };
    const { call, values } = question;
    // The question's type pairs each call with its values.
    const answer = await (log[call] as (...values: readonly unknown[]) => Promise<unknown>).apply(log, [...values]);
    return { answer };
  },
  async () => {
    await (await opening.catch(() => undefined))?.close();
  },
);
