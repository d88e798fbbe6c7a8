/**
 * Records points on a server in a process of its own, given as JSON: those of a new run, or of `runId`
 * after its last one. Writes a line for each batch that is recorded, the run's id first.
 */
import { silentLogger } from "../../src/base/logger.ts";
import { ownProcessTag, processTag } from "../../src/tracking/run-process.ts";
import { trackingAccess } from "../../src/tracking/tracking-access.ts";
import { openRecordingStore } from "../../src/wire/tracking.ts";

export interface RecordProcessOptions {
  readonly url: string;
  readonly spoolFolder: string;
  readonly steps: number;
  readonly runId?: string;
}

const { url, spoolFolder, steps, runId } = JSON.parse(process.argv[2]!) as RecordProcessOptions; // its own test wrote it
const access = trackingAccess({ trackingUri: url, trackingTimeoutMs: 2000 }, {}, (path) => path);
const store = await openRecordingStore(access, { spoolFolder, logger: silentLogger });
const tags = new Map([[processTag, await ownProcessTag()]]);

async function createRun(): Promise<string> {
  const { id: experimentId } = await store.ensureExperiment("killed");
  return (await store.createRun({ experimentId, name: "killed", startedMs: Date.now(), tags })).id;
}

const id = runId ?? (await createRun());
if (runId !== undefined) {
  await store.updateRun(id, { status: "RUNNING" });
  await store.logBatch(id, { tags });
}
const first = ((await store.getRun(id)).metrics.get("batch/loss")?.step ?? -1) + 1;
process.stdout.write(`${id}\n`);
for (let step = first; step < steps; step += 5) {
  const batch = Array.from({ length: 5 }, (_, index) => step + index);
  const metrics = batch.map((at) => ({ key: "batch/loss", value: Math.sin(at), timestampMs: Date.now(), step: at }));
  await store.logBatch(id, { metrics });
  process.stdout.write(`${step + 5}\n`);
  await new Promise((resolve) => setTimeout(resolve, 2));
}
await store.updateRun(id, { status: "FINISHED", endedMs: Date.now() });
await store.close();
