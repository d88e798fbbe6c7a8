/** A thread that works on batches of files. */
import { workerData } from "node:worker_threads";
import { answerThread } from "../../base/threads/answer-thread.ts";
import { doTask, type FileResult, type FileTask } from "./file-work.ts";
import type { WorkPlace } from "./work-place.ts";

const place = workerData as WorkPlace; // as `openThread` was given it

answerThread<readonly FileTask[], readonly FileResult[]>(async (tasks) => ({
  answer: tasks.map((task) => doTask(task, place)),
}));
