/** Pictures through a real service with a prediction log: sent as files, and then what they really are. */
import { join } from "node:path";
import { forEachInParallel } from "../../src/image/in-parallel.ts";
import type { MonitorReport } from "../../src/monitor/measure-log.ts";
import { createServer } from "../../src/wire/library.ts";
import { measurePredictionLog } from "../../src/wire/monitoring.ts";
import type { Photograph } from "./experiment-pictures.ts";

/** The service holds statistics of pictures back where too many wait; with few at once all are measured. */
const concurrency = 4;

/**
 * Each window is sent when the one before has been answered, so that its predictions stand together in
 * the log. Errors: where a picture or its label is refused, or a prediction was not logged.
 */
export async function logOf(
  bundle: string,
  phases: ReadonlyMap<string, readonly Photograph[]>,
  scratch: string,
  { window, log }: { readonly window: number; readonly log: (text: string) => void },
): Promise<MonitorReport> {
  const predictionLog = join(scratch, "predictions.db");
  const server = await createServer({
    model: bundle,
    port: 0,
    logFile: join(scratch, "service.log"),
    predictionLog,
    deadlineMs: 60_000,
  });
  let sent = 0;
  try {
    const { url } = await server.listen();
    for (const [name, pictures] of phases) {
      log(`${name}: ${pictures.length} pictures`);
      for (let at = 0; at < pictures.length; at += window) {
        await send(url, `${name.replaceAll(/[ ,]+/g, "-")}-${at / window}`, pictures.slice(at, at + window));
      }
      sent += pictures.length;
    }
  } finally {
    await server.close();
  }
  const report = await measurePredictionLog({
    predictionLog,
    window: { count: window },
    toldApart: 1000,
  });
  if (report.labelled !== sent) throw new Error(`of ${sent} pictures ${report.labelled} are in the log with a label`);
  return report;
}

async function send(url: string, name: string, pictures: readonly Photograph[]): Promise<void> {
  const numbered = pictures.map((picture, at) => ({ ...picture, requestId: `${name}-${at}` }));
  await forEachInParallel(
    numbered,
    ({ bytes, requestId }) =>
      post(`${url}/predict`, bytes, { "content-type": "image/jpeg", "x-request-id": requestId }),
    { concurrency },
  );
  await forEachInParallel(
    numbered,
    ({ label, requestId }) => {
      const body = JSON.stringify({ request_id: requestId, label });
      return post(`${url}/feedback`, body, { "content-type": "application/json" });
    },
    { concurrency },
  );
}

async function post(
  address: string,
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const answer = await fetch(address, { method: "POST", headers, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}: ${text.slice(0, 300)}`);
}
