/** The thread of `copyObjects`. */
import { answerThread } from "../../base/threads/answer-thread.ts";
import { type CopyBatch, type CopyResult, copyBatch } from "./copy-batch.ts";

answerThread<CopyBatch, readonly CopyResult[]>(async (batch) => ({ answer: copyBatch(batch) }));
