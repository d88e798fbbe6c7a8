/** Waits for other writers of a database's file without standing in their way. */
import { setTimeout as delay } from "node:timers/promises";
import { systemCodeOf } from "../base/files/file-failure.ts";

/** How long another writer is waited for. */
const busyMs = 10_000;

/** Does `work` again while another writer has the file: it may be one of this thread. Errors: those of `work`. */
export async function whileBusy<T>(work: () => Promise<T>): Promise<T> {
  const untilMs = performance.now() + busyMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (systemCodeOf(error) !== "SQLITE_BUSY" || performance.now() > untilMs) throw error;
      await delay(5 + Math.random() * 20);
    }
  }
}
