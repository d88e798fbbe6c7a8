/** The prediction log as a service uses it: writes, and what feedback needs to know. */
import { openThread } from "../base/threads/thread.ts";
import { isServerAddress } from "./log-address.ts";
import type { LogQuestion } from "./log-thread.ts";
import { packRows } from "./packed-rows.ts";
import type { ServiceLog } from "./prediction-log.ts";

/** A file is written in a thread of its own, a server from here. Errors: as `openPredictionLog`. */
export async function openServiceLog(location: string): Promise<ServiceLog> {
  if (isServerAddress(location)) {
    const { openPredictionLog } = await import("./open-prediction-log.ts");
    return openPredictionLog(location);
  }
  const thread = openThread<LogQuestion, unknown>(new URL("./log-thread.ts", import.meta.url), { data: location });
  const ask = <T>(question: LogQuestion): Promise<T> => thread.ask(question) as Promise<T>; // the port says what each gives
  const log: ServiceLog = {
    location,
    async append(predictions) {
      const packed = packRows(predictions);
      await thread.ask({ call: "append", packed }, [packed.numbers.buffer]);
    },
    describeModel: (...values) => ask({ call: "describeModel", values }),
    models: (...values) => ask({ call: "models", values }),
    find: (...values) => ask({ call: "find", values }),
    addFeedback: (...values) => ask({ call: "addFeedback", values }),
    feedbackFor: (...values) => ask({ call: "feedbackFor", values }),
    count: (...values) => ask({ call: "count", values }),
    removeBefore: (...values) => ask({ call: "removeBefore", values }),
    removeRequest: (...values) => ask({ call: "removeRequest", values }),
    close: () => thread.close(),
  };
  try {
    await log.count({ fromMs: 0, untilMs: 0 });
    return log;
  } catch (error) {
    await thread.close();
    throw error;
  }
}
